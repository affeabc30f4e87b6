//! [`Target`]: what `#[guarded]` was put on, and which methods that means.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, ImplItem, ImplItemFn, ItemImpl, Meta, Signature, Type, Visibility, parse2};

use crate::bare::bare;
use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::outer::is_toolkit;
use crate::written::written;

use super::arguments::GuardedArguments;
use super::method::guard;

/// What `#[guarded]` was put on.
pub(crate) enum Target {
    Method(ImplItemFn),
    Impl(ItemImpl),
    /// Nothing that can be guarded; given back as it was.
    Other(TokenStream),
}

impl Target {
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        if let Ok(block) = parse2(tokens.clone()) {
            return Self::Impl(block);
        }
        match parse2(tokens.clone()) {
            Ok(method) => Self::Method(method),
            Err(_) => {
                let text = "#[guarded] is for methods; put it on a method with a body, or on an impl block";
                mistakes.at(&tokens, text);
                Self::Other(tokens)
            }
        }
    }

    pub(crate) fn guard(mut self, arguments: &GuardedArguments, mistakes: &mut Mistakes) -> Self {
        arguments.forbid_skipping(mistakes);
        match &mut self {
            Self::Method(method) if is_hook(method) => mistakes.at(&method.sig.ident, HOOK),
            Self::Method(method) if is_wrapped(method) => guard_outside(method, arguments),
            Self::Method(method) => {
                if !guard(method, arguments, None, mistakes) {
                    arguments.forbid_waiting(&method.sig.ident, mistakes);
                }
            }
            Self::Impl(block) => guard_all(block, arguments, mistakes),
            Self::Other(_) => {}
        }
        self
    }
}

const HOOK: &str = "hooks are not guarded calls, because the registry calls them before and after the service is ready; remove #[guarded]";

/// Whether a method, whose impl block is not seen, is a hook: by its name, and by the type that only hooks have.
fn is_hook(method: &ImplItemFn) -> bool {
    let Signature { ident, inputs, output, .. } = &method.sig;
    let (types, name) = match &*ident.to_string() {
        "init" | "start" | "shutdown" => (inputs.to_token_stream(), "Context"),
        "health" => (output.to_token_stream(), "Health"),
        _ => return false,
    };
    matches!(method.vis, Visibility::Inherited) && mentions(types, name)
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// Guards what can be called from outside: the methods of a trait, and of an inherent impl those that are not private. A
/// method's own attribute wins over the block's, and is taken away, so that nothing is guarded twice; with `skip`, nothing is.
fn guard_all(block: &mut ItemImpl, arguments: &GuardedArguments, mistakes: &mut Mistakes) {
    if let Some((path, _)) = &block.trait_
        && path.segments.last().is_some_and(|last| last.ident == "Lifecycle")
    {
        mistakes.at(path, HOOK);
        return;
    }
    if is_generic(&block.self_ty) {
        let ty = written(&block.self_ty);
        let text = format!(
            "a service has one instance, so it cannot be generic as {ty} is; guard a newtype of the {ty} you need"
        );
        mistakes.at(&block.self_ty, text);
        return;
    }
    let is_trait = block.trait_.is_some();
    let own = Some(&*block.self_ty);
    let (mut has_methods, mut has_skipped, mut is_guarded) = (false, false, false);
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        has_methods = true;
        if let Some(arguments) = take_own(method, &arguments.core, mistakes) {
            if arguments.skips() {
                has_skipped = true;
                continue;
            }
            is_guarded = true;
            if is_wrapped(method) {
                guard_outside(method, &arguments);
            } else if !guard(method, &arguments, own, mistakes) {
                arguments.forbid_waiting(&method.sig.ident, mistakes);
            }
        } else if is_trait || !matches!(method.vis, Visibility::Inherited) {
            is_guarded = true;
            if is_wrapped(method) {
                guard_outside(method, arguments);
            } else {
                guard(method, arguments, own, mistakes);
            }
        }
    }
    if !has_methods {
        let text = "#[guarded] on an impl block guards the methods written in it, and here is none; write one, or remove #[guarded]";
        mistakes.at(&block.self_ty, text);
    } else if !is_guarded && has_skipped {
        let text =
            "#[guarded] on an impl block guards what is not private, and here is only what it skips; remove #[guarded]";
        mistakes.at(&block.self_ty, text);
    } else if !is_guarded {
        let text = "#[guarded] on an impl block guards what is not private, and all of this is private; make a method `pub`, or put #[guarded] on it";
        mistakes.at(&block.self_ty, text);
    }
}

fn is_generic(ty: &Type) -> bool {
    matches!(bare(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| !last.arguments.is_none()))
}

/// Whether attributes of service-toolkit, which are expanded later, wrap the body.
fn is_wrapped(method: &ImplItemFn) -> bool {
    method.attrs.iter().any(is_toolkit)
}

/// Puts the guard below all other attributes, so that it is expanded last and is outside of what they do: a call that is refused
/// is not retried, and a cached value is not returned, by a service that is not ready.
fn guard_outside(method: &mut ImplItemFn, arguments: &GuardedArguments) {
    method.attrs.push(arguments.attribute());
}

fn take_own(method: &mut ImplItemFn, core: &CorePath, mistakes: &mut Mistakes) -> Option<GuardedArguments> {
    let is_ours = |attribute: &Attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "guarded");
    let attribute = method.attrs.extract_if(.., |attribute| is_ours(attribute)).last()?;
    Some(match attribute.meta {
        Meta::List(list) => GuardedArguments::read(list.tokens, core.clone(), mistakes),
        _ => GuardedArguments::new(core.clone()),
    })
}

impl ToTokens for Target {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => method.to_tokens(tokens),
            Self::Impl(block) => block.to_tokens(tokens),
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}
