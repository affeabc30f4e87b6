//! [`guard`]: wraps the body of one method, whatever its shape.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{FnArg, ImplItemFn, Receiver, ReceiverKind, Type, Visibility, parse_quote};

use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::written::written;

use super::arguments::GuardedArguments;
use super::call::Call;
use super::future::guarded_future;
use super::output::{BodyShape, Output};
use super::receiver::taken;

/// Guards a method, and says whether its calls can wait. `own` is the type of the impl block, where that is seen.
pub(crate) fn guard(
    method: &mut ImplItemFn,
    arguments: &GuardedArguments,
    own: Option<&Type>,
    mistakes: &mut Mistakes,
) -> bool {
    let output = Output::of(&method.sig);
    let can_wait = output.shape != BodyShape::Sync;
    if !is_guardable(method, &output, own, mistakes) {
        return can_wait;
    }
    // Where to point if `Self` is no service: at one place for a whole block, so that the compiler says it once.
    let service = own.map_or_else(|| method.sig.ident.span(), Spanned::span);
    let call = Call {
        name: method.sig.ident.unraw().to_string(),
        callee: callee(method, service, &arguments.core),
        service,
        policy: arguments,
    };
    let statements = &method.block.stmts;
    let body = match output.shape {
        BodyShape::Sync => call.sync(&output, quote!(#(#statements)*)),
        BodyShape::Async => {
            let hint = output.hint();
            call.future(&output, quote!(async move { #hint #(#statements)* }))
        }
        BodyShape::Future | BodyShape::Boxed => guarded_future(&call, &output, method),
    };
    let mut block: syn::Block = parse_quote!({ #body });
    block.brace_token = method.block.brace_token;
    method.block = block;
    document(method, &output);
    can_wait
}

/// Whose call it is. Any receiver dereferences to the instance; the user's own `self` token, because a `self` of ours
/// would be another one inside a `macro_rules!`.
fn callee(method: &ImplItemFn, service: Span, core: &CorePath) -> TokenStream {
    let private = core.private();
    match method.sig.receiver() {
        Some(Receiver { self_token, kind, .. }) => {
            let at = quote_spanned!(service=> #private::SelfAt::new::<Self>);
            // Not a reference to a reference: the future would keep what that points to.
            if matches!(kind, ReceiverKind::Reference(..)) {
                quote!(#at(#self_token))
            } else {
                quote!(#at(&#self_token))
            }
        }
        None => quote!(#private::CurrentInstance),
    }
}

/// A guard needs an instance that others share, and code that runs while it is up.
fn is_guardable(method: &ImplItemFn, output: &Output, own: Option<&Type>, mistakes: &mut Mistakes) -> bool {
    let name = &method.sig.ident;
    if let Some(constness) = &method.sig.constness {
        let text = format!("`{name}` is const, so it runs where no service is ready; remove `const`, or the guard");
        mistakes.at(constness, text);
        return false;
    }
    let Some(FnArg::Receiver(receiver)) = method.sig.inputs.first() else {
        if output.is_instance(own) {
            let text = format!(
                "`{name}` makes an instance, so it needs no ready one; leave it unguarded, with #[guarded(skip)] in a guarded impl block"
            );
            mistakes.at(&method.sig.output, text);
            return false;
        }
        return true;
    };
    let Some(text) = taken(receiver).mistake(name) else { return true };
    mistakes.at(receiver, text);
    false
}

/// Says in the docs that a refusal panics. Not on a method of a trait impl that has none, because these words alone would
/// hide those of the trait.
fn document(method: &mut ImplItemFn, output: &Output) {
    let is_documented = method.attrs.iter().any(|attribute| attribute.path().is_ident("doc"));
    let is_private = matches!(method.vis, Visibility::Inherited);
    if output.is_called_result() || (is_private && !is_documented) {
        return;
    }
    let has_section = method.attrs.iter().any(|attribute| written(attribute).contains("# Panics"));
    let heading = if has_section { "" } else { "# Panics\n\n" };
    let text = format!("\n\n{heading}When the call is refused, because the service is not ready.");
    method.attrs.push(parse_quote!(#[doc = #text]));
}
