//! [`GuardedArguments`]: what stands in the parentheses of `#[guarded(…)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Error, Token, parse_quote};

use crate::arguments::{Known, once, read};
use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::timespan::Timespan;

const KNOWN: &[Known] = &[
    once("refuse", "`refuse` and nothing else"),
    once("wait", "`wait = \"2s\"`"),
    once("skip", "`skip` and nothing else"),
    once("crate", "`crate = path::to::service_core`"),
];

/// What happens to a call while the service is not ready.
pub(crate) struct GuardedArguments {
    refuse: Option<Span>,
    wait: Option<Timespan>,
    skip: Option<Ident>,
    pub(crate) core: CorePath,
}

impl GuardedArguments {
    /// What `#[guarded]` without arguments means.
    pub(crate) fn new(core: CorePath) -> Self {
        Self { refuse: None, wait: None, skip: None, core }
    }

    /// Reads the arguments; `core` is where `service-core` is if they do not say so.
    pub(crate) fn read(tokens: TokenStream, core: CorePath, mistakes: &mut Mistakes) -> Self {
        let mut arguments = Self::new(core);
        let mut both = None;
        read("#[guarded]", KNOWN, tokens, mistakes, |name, input, mistakes| {
            if name == "refuse" {
                arguments.refuse = Some(name.span());
            } else if name == "skip" {
                arguments.skip = Some(name.clone());
            } else if name == "crate" {
                arguments.core = CorePath::parse(input)?;
            } else {
                input.parse::<Token![=]>()?;
                arguments.wait = Timespan::parse_positive(name, input, mistakes)?;
                both = Some(name.clone());
            }
            Ok(())
        });
        if let (Some(wait), Some(_)) = (both, arguments.refuse) {
            contradiction(&wait, mistakes);
        }
        if let Some(skip) = arguments.skip.as_ref().filter(|_| arguments.refuse.is_some() || arguments.wait.is_some()) {
            mistakes.at(skip, "a method that the guard skips neither waits nor refuses; write `skip` alone");
        }
        arguments
    }

    /// Whether the method stays as it is, in a block that guards the others.
    pub(crate) fn skips(&self) -> bool {
        self.skip.is_some()
    }

    /// Only the attribute of a method in a guarded block can be `#[guarded(skip)]`.
    pub(crate) fn forbid_skipping(&self, mistakes: &mut Mistakes) {
        if let Some(skip) = &self.skip {
            mistakes.at(skip, "`skip` is for a method in an impl block that has #[guarded]; remove this attribute");
        }
    }

    /// The attribute with these arguments.
    pub(crate) fn attribute(&self) -> Attribute {
        let core = &self.core;
        let policy = match (self.refuse, self.wait) {
            (Some(_), _) => quote!(refuse,),
            (None, Some(time)) => {
                let time = format!("{}ns", time.duration.as_nanos());
                quote!(wait = #time,)
            }
            (None, None) => TokenStream::new(),
        };
        parse_quote!(#[#core::guarded(#policy crate = #core)])
    }

    /// A synchronous method cannot wait: it would block every task of its thread.
    pub(crate) fn forbid_waiting(&self, method: &Ident, mistakes: &mut Mistakes) {
        if let Some(wait) = self.wait {
            let text = format!("`{method}` is not async, so a call cannot wait; make it async, or remove `wait`");
            mistakes.add(Error::new(wait.span, text));
        }
    }
}

fn contradiction(wait: &Ident, mistakes: &mut Mistakes) {
    mistakes.at(wait, "a call that is refused does not wait; write either `refuse` or `wait`");
}

impl ToTokens for GuardedArguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let private = self.core.private();
        tokens.extend(match (self.refuse, self.wait) {
            (Some(_), _) => quote!(#private::Policy::Refuse),
            (None, Some(time)) => quote!(#private::Policy::WaitFor(#time)),
            (None, None) => quote!(#private::Policy::Wait),
        });
    }
}
