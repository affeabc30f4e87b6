//! [`Function`]: the async function under an attribute, and its parameters.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItemFn, Pat, Receiver, ReceiverKind, Type, parse_quote, parse2};

use crate::bare::bare;
use crate::core_path::local;
use crate::mistakes::Mistakes;

/// An async function or method with a body.
pub(super) struct Function {
    pub(super) method: ImplItemFn,
    /// How the attribute is written, for messages: `#[retry]`.
    attribute: String,
}

/// A parameter of a function, without `self`.
pub(super) struct NamedParameter {
    pub(super) name: Ident,
    pub(super) ty: Type,
}

impl Function {
    /// Reads the item under the attribute of this name.
    pub(super) fn read(attribute: &str, tokens: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let attribute = format!("#[{attribute}]");
        let Ok(method) = parse2::<ImplItemFn>(tokens.clone()) else {
            let text = format!("{attribute} is for async functions; put it on an async function or method with a body");
            mistakes.at(&tokens, text);
            return None;
        };
        let name = &method.sig.ident;
        if method.sig.asyncness.is_none() {
            mistakes.at(name, format!("{attribute} is for async functions; write `async fn {name}`"));
            return None;
        }
        Some(Self { method, attribute })
    }

    pub(super) fn name(&self) -> &Ident {
        &self.method.sig.ident
    }

    pub(super) fn attribute(&self) -> &str {
        &self.attribute
    }

    pub(super) fn receiver(&self) -> Option<&Receiver> {
        self.method.sig.receiver()
    }

    /// The parameters by name, if each has one.
    pub(super) fn named_parameters(&self) -> Result<Vec<NamedParameter>, &Pat> {
        let typed = self.method.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        let named = typed.map(|typed| match &*typed.pat {
            Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
                Ok(NamedParameter { name: pattern.ident.clone(), ty: bare(&typed.ty).clone() })
            }
            pattern => Err(pattern),
        });
        named.collect()
    }

    /// Prepares the function for a body that runs several times: each run gets a clone of each parameter. Returns the statements
    /// that make the clones.
    pub(super) fn cloned_parameters(&mut self, mistakes: &mut Mistakes) -> TokenStream {
        let attribute = self.attribute.clone();
        if let Some(receiver) = self.receiver()
            && !is_shared(receiver)
        {
            let text = format!("{attribute} runs the body again, and each run needs its own `self`; take `&self`");
            mistakes.at(receiver, text);
        }
        let mut clones = TokenStream::new();
        for (number, input) in self.method.sig.inputs.iter_mut().enumerate() {
            let FnArg::Typed(typed) = input else { continue };
            if let Type::Reference(reference) = bare(&typed.ty)
                && reference.mutability.is_some()
            {
                let text = format!(
                    "{attribute} runs the body again, and each run needs its own parameters; take a value that can be cloned instead of `&mut`"
                );
                mistakes.at(&typed.ty, text);
                continue;
            }
            // The pattern moves into the body, and the parameter gets a name: its own, or one of ours.
            let pattern = typed.pat.clone();
            let name = match &*pattern {
                Pat::Ident(pattern) => pattern.ident.clone(),
                _ => local(&format!("parameter{number}")),
            };
            *typed.pat = parse_quote!(#name);
            // Shown at the type: it is at fault if it cannot be cloned.
            let at = typed.ty.span().resolved_at(Span::call_site());
            let clone = quote_spanned!(at=> ::core::clone::Clone::clone(&#name));
            clones.extend(quote!(let #pattern = #clone;));
        }
        clones
    }
}

/// Whether a receiver can be copied: it is a shared reference.
fn is_shared(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => {
            matches!(bare(ty), Type::Reference(reference) if reference.mutability.is_none())
        }
        _ => false,
    }
}
