//! [`ServiceArguments`]: what stands in the parentheses of `#[service(…)]`, read and not yet judged.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Expr, LitInt, LitStr, Path, Result, Token, bracketed, parenthesized};

use crate::arguments::{Known, once, read};
use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::timespan::Timespan;
use crate::written::written;

use super::conditions::Listed;
use super::dependency::{Bond, Dependency, Named};

const KNOWN: &[Known] = &[
    once("requires", "`requires = [A, dyn B]`"),
    once("wants", "`wants = [A, dyn B]`"),
    once("after", "`after = [A, dyn B]`"),
    once("provides", "`provides = [dyn B]`"),
    once("name", "`name = \"…\"`"),
    once("lazy", "`lazy` and nothing else"),
    once("optional", "`optional` and nothing else"),
    once("given", "`given` and nothing else"),
    once("autowire", "`autowire` or `autowire(fn)`"),
    once("when", "`when = path::to::a_fn`"),
    once("init_timeout", "`init_timeout = \"30s\"`"),
    once("drain_timeout", "`drain_timeout = \"10s\"`"),
    once("health_timeout", "`health_timeout = \"5s\"`"),
    once("tags", "`tags = [\"…\"]`"),
    once("shutdown_timeout", "`shutdown_timeout = \"10s\"`"),
    once("retry", "`retry(attempts = 5, delay = \"200ms\", max_delay = \"5s\")`"),
    once("restart", "`restart` or `restart = Restart::transient()`"),
    once("crate", "`crate = path::to::service_core`"),
];

const RETRY: &[Known] = &[
    once("attempts", "`attempts = 5`"),
    once("delay", "`delay = \"200ms\"`"),
    once("max_delay", "`max_delay = \"5s\"`"),
];

/// What was written.
#[derive(Default)]
pub(crate) struct ServiceArguments {
    /// The name of each argument that is there, for the rules about what goes together.
    pub(crate) present: Vec<Ident>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) provides: Vec<Listed<Named>>,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<Listed<LitStr>>,
    pub(crate) autowire: Option<Autowire>,
    pub(crate) when: Option<When>,
    /// Each by the name of its argument.
    pub(crate) budgets: Vec<(Ident, Timespan)>,
    pub(crate) retry: Option<RetryArguments>,
    pub(crate) restart: Option<Restart>,
    pub(crate) core: CorePath,
}

/// How much `autowire` writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Autowire {
    /// The whole `impl Lifecycle`.
    Lifecycle,
    /// A constructor only.
    Constructor,
}

/// A condition on being registered.
pub(crate) struct When {
    pub(crate) path: TokenStream,
    pub(crate) text: String,
}

/// How it is restarted.
pub(crate) enum Restart {
    /// As services are by default.
    Usual,
    /// As this expression says.
    As(Expr),
}

/// How `init` is tried again; what is left out has the default.
pub(crate) struct RetryArguments {
    pub(crate) attempts: Option<(u32, Span)>,
    pub(crate) delay: Option<Timespan>,
    pub(crate) max_delay: Option<Timespan>,
}

impl ServiceArguments {
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut arguments = Self::default();
        read("#[service]", KNOWN, tokens, mistakes, |name, input, mistakes| {
            arguments.present.push(name.clone());
            arguments.take(name, input, mistakes)
        });
        arguments
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.present.iter().any(|present| present == name)
    }

    fn take(&mut self, name: &Ident, input: ParseStream, mistakes: &mut Mistakes) -> Result<()> {
        match &*name.to_string() {
            "requires" => self.depend(Bond::Requires, input)?,
            "wants" => self.depend(Bond::Wants, input)?,
            "after" => self.depend(Bond::After, input)?,
            "provides" => self.provides = listed(input)?,
            "tags" => self.tags = listed(input)?,
            "name" => self.name = Some(value(input)?),
            "autowire" => self.autowire = Some(autowire(input)?),
            "when" => {
                let path: Path = value(input)?;
                self.when = Some(When { text: written(&path), path: path.into_token_stream() });
            }
            "retry" => self.retry = Some(retry(input, mistakes)?),
            // Any other expression may be a policy.
            "restart" if input.peek2(LitStr) => return Err(input.error("a policy is no text")),
            "restart" if input.peek(Token![=]) => self.restart = Some(Restart::As(value(input)?)),
            "restart" => self.restart = Some(Restart::Usual),
            "init_timeout" | "drain_timeout" | "health_timeout" | "shutdown_timeout" => {
                input.parse::<Token![=]>()?;
                let timespan = Timespan::parse_positive(name, input, mistakes)?;
                self.budgets.extend(timespan.map(|timespan| (name.clone(), timespan)));
            }
            "crate" => self.core = CorePath::parse(input)?,
            _flag => {}
        }
        Ok(())
    }

    fn depend(&mut self, bond: Bond, input: ParseStream) -> Result<()> {
        let dependency = |Listed { conditions, member: on }| Dependency { bond, on, is_injected: false, conditions };
        self.dependencies.extend(listed(input)?.into_iter().map(dependency));
        Ok(())
    }
}

fn value<T: syn::parse::Parse>(input: ParseStream) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The members of `= [A, #[cfg(…)] B]`.
fn listed<T: syn::parse::Parse>(input: ParseStream) -> Result<Vec<Listed<T>>> {
    input.parse::<Token![=]>()?;
    let list;
    bracketed!(list in input);
    let members = Punctuated::<Listed<T>, Token![,]>::parse_terminated(&list);
    // What is left in the brackets would be a second mistake, in the parser's own words.
    list.parse::<TokenStream>()?;
    Ok(members?.into_iter().collect())
}

fn autowire(input: ParseStream) -> Result<Autowire> {
    if !input.peek(syn::token::Paren) {
        return Ok(Autowire::Lifecycle);
    }
    let what;
    parenthesized!(what in input);
    what.parse::<Token![fn]>()?;
    if what.is_empty() { Ok(Autowire::Constructor) } else { Err(what.error("nothing follows `fn`")) }
}

fn retry(input: ParseStream, mistakes: &mut Mistakes) -> Result<RetryArguments> {
    let list;
    parenthesized!(list in input);
    let mut retry = RetryArguments { attempts: None, delay: None, max_delay: None };
    read("retry(…)", RETRY, list.parse()?, mistakes, |name, input, mistakes| {
        input.parse::<Token![=]>()?;
        if name == "attempts" {
            let attempts: LitInt = input.parse()?;
            retry.attempts = Some((attempts.base10_parse()?, attempts.span()));
        } else if name == "delay" {
            retry.delay = Timespan::parse(name, input, mistakes)?;
        } else {
            retry.max_delay = Timespan::parse(name, input, mistakes)?;
        }
        Ok(())
    });
    Ok(retry)
}
