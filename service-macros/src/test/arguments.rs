//! [`TestArguments`]: what stands in the parentheses of `#[service_core::test(…)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Expr, LitBool, LitInt, LitStr, Path, Result, Token, Type, parenthesized};

use crate::arguments::{Known, once, read, repeated};
use crate::bare::bare;
use crate::core_path::{CorePath, local};
use crate::mistakes::Mistakes;

const KNOWN: &[Known] = &[
    repeated("replace", "`replace(Service = value)` or `replace(dyn Trait = value)`"),
    repeated("give", "`give(value)`"),
    repeated("with", "`with = a_fn`, from a builder to a builder"),
    once("start_paused", "`start_paused = true`"),
    once("flavor", "`flavor = \"multi_thread\"` or `flavor = \"current_thread\"`"),
    once("worker_threads", "`worker_threads = 2`"),
    once("crate", "`crate = path::to::service_core`"),
];

/// How the test's registry and runtime are to be.
#[derive(Default)]
pub(crate) struct TestArguments {
    /// In the order in which they were written.
    pub(crate) settings: Vec<Setting>,
    /// Calls on the trial.
    pub(crate) trial: Vec<TokenStream>,
    pub(crate) core: CorePath,
}

/// One change to the builder.
pub(crate) enum Setting {
    Replace { service: Box<Type>, value: Expr },
    Give { value: Expr },
    With { fixture: Path },
}

impl Setting {
    /// The builder in this variable, with this change. The fakes keep what replaces a trait object, as the type that it is.
    pub(crate) fn apply(&self, builder: &Ident, fakes: &Ident) -> TokenStream {
        match self {
            Self::Replace { service, value } if matches!(bare(service), Type::TraitObject(_)) => {
                let fake = local("fake");
                quote! {{
                    let #fake = #value;
                    #fakes.keep::<#service, _>(&#fake);
                    #builder.replace_dyn::<#service>(#fake)
                }}
            }
            Self::Replace { service, value } => quote!(#builder.replace::<#service>(#value)),
            Self::Give { value } => quote!(#builder.give(#value)),
            Self::With { fixture } => quote!(#fixture(#builder)),
        }
    }
}

/// What is said about the runtime, each with where it is said.
#[derive(Default)]
struct Runtime {
    paused: Option<LitBool>,
    flavor: Option<LitStr>,
    threads: Option<LitInt>,
}

impl TestArguments {
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut arguments = Self::default();
        let mut runtime = Runtime::default();
        read("#[service_core::test]", KNOWN, tokens, mistakes, |name, input, mistakes| {
            if name == "replace" || name == "give" || name == "with" {
                arguments.settings.push(setting(name, input)?);
                return Ok(());
            }
            if name == "crate" {
                arguments.core = CorePath::parse(input)?;
                return Ok(());
            }
            input.parse::<Token![=]>()?;
            if name == "start_paused" {
                runtime.paused = Some(input.parse()?);
            } else if name == "flavor" {
                runtime.flavor = Some(input.parse()?);
            } else {
                runtime.threads = Some(threads(input.parse()?, mistakes)?);
            }
            Ok(())
        });
        arguments.trial = runtime.calls(mistakes);
        arguments
    }
}

fn setting(name: &Ident, input: ParseStream) -> Result<Setting> {
    if name == "with" {
        input.parse::<Token![=]>()?;
        return Ok(Setting::With { fixture: input.parse()? });
    }
    let inner;
    parenthesized!(inner in input);
    let setting = if name == "give" {
        Setting::Give { value: inner.parse()? }
    } else {
        let service = Box::new(inner.parse()?);
        inner.parse::<Token![=]>()?;
        Setting::Replace { service, value: inner.parse()? }
    };
    inner.parse::<Option<Token![,]>>()?;
    if inner.is_empty() { Ok(setting) } else { Err(inner.error("nothing follows the value")) }
}

fn threads(literal: LitInt, mistakes: &mut Mistakes) -> Result<LitInt> {
    if literal.base10_parse::<usize>()? == 0 {
        mistakes.at(&literal, "`worker_threads` is 0, and nothing would ever run; write 1 or more");
    }
    Ok(literal)
}

impl Runtime {
    /// The calls on the trial. The same combinations are refused as by tokio's own test attribute.
    fn calls(&self, mistakes: &mut Mistakes) -> Vec<TokenStream> {
        let is_multi = match self.flavor.as_ref().map(LitStr::value).as_deref() {
            None | Some("current_thread") => false,
            Some("multi_thread") => true,
            Some(other) => {
                let text = format!("there is no flavor \"{other}\"; write \"current_thread\" or \"multi_thread\"");
                mistakes.at(&self.flavor, text);
                return Vec::new();
            }
        };
        if let Some(threads) = self.threads.as_ref().filter(|_| !is_multi) {
            mistakes.at(threads, "`worker_threads` is for `flavor = \"multi_thread\"`; write that too, or remove this");
        }
        let paused = self.paused.as_ref().filter(|paused| paused.value);
        if let Some(paused) = paused.filter(|_| is_multi) {
            mistakes.at(paused, "a clock can be paused on one thread only; remove `flavor`, or `start_paused`");
        }
        // Two by default, on whatever machine: enough for a race, and the same everywhere.
        let threads = self.threads.as_ref().map_or_else(|| quote!(2), ToTokens::to_token_stream);
        let paused = paused.map(|paused| quote!(.start_paused(#paused)));
        paused.into_iter().chain(is_multi.then(|| quote!(.worker_threads(#threads)))).collect()
    }
}
