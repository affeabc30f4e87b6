//! [`Output`]: what a method returns, seen through the future around it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound, parse_quote};

use crate::bare::bare;
use crate::core_path::{CorePath, local};

/// How a method's body runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyShape {
    Sync,
    /// An `async fn`.
    Async,
    /// A function that returns `impl Future`.
    Future,
    /// A function that returns a boxed future, as `async_trait` makes it.
    Boxed,
}

/// What a method returns in the end.
pub(crate) struct Output {
    pub(crate) shape: BodyShape,
    /// The type; each `impl Trait` in it is left to inference. `None` where nothing of it can be named.
    named: Option<Type>,
    /// Whether the type was written at all.
    is_written: bool,
    span: Span,
}

impl Output {
    pub(crate) fn of(signature: &Signature) -> Self {
        let ReturnType::Type(_, ty) = &signature.output else {
            let shape = if signature.asyncness.is_some() { BodyShape::Async } else { BodyShape::Sync };
            return Self { shape, named: Some(parse_quote!(())), is_written: false, span: signature.ident.span() };
        };
        let ty = bare(ty);
        let (shape, ty) = match future(ty) {
            _ if signature.asyncness.is_some() => (BodyShape::Async, ty.clone()),
            Some((shape, output)) => (shape, bare(&output).clone()),
            None => (BodyShape::Sync, ty.clone()),
        };
        let span = ty.span();
        let named = match ty {
            Type::ImplTrait(_) | Type::Never(_) => None,
            mut ty => {
                Inferred.visit_type_mut(&mut ty);
                Some(ty)
            }
        };
        Self { shape, named, is_written: true, span }
    }

    /// Whether the name says that a refusal can be returned. For the docs alone; the code is decided by the type.
    pub(crate) fn is_called_result(&self) -> bool {
        match &self.named {
            Some(Type::Path(path)) => {
                path.path.segments.last().is_some_and(|last| last.ident.to_string().contains("Result"))
            }
            _ => false,
        }
    }

    /// Whether it is a service by value, plain or in a `Result` or `Option`: `Self`, or the impl block's `own` type.
    pub(crate) fn is_instance(&self, own: Option<&Type>) -> bool {
        self.named.as_ref().is_some_and(|ty| is_instance(ty, own))
    }

    /// Tells inference what an async block returns, so that `?` and `return` in it work as they do in a function.
    pub(crate) fn hint(&self) -> TokenStream {
        let Some(ty) = self.named.as_ref().filter(|_| self.is_written) else { return TokenStream::new() };
        let returned = local("returned");
        quote! {
            #[allow(unreachable_code, unreachable_patterns, clippy::all, clippy::pedantic)]
            if let ::core::option::Option::Some(#returned) = ::core::option::Option::<#ty>::None {
                return #returned;
            }
        }
    }

    /// The refusal in this variable, as what the method returns.
    pub(crate) fn refusal(&self, refused: &Ident, core: &CorePath) -> TokenStream {
        let private = core.private();
        let Some(ty) = &self.named else {
            return quote! {
                #private::Panics::answer(#private::Refused::<_>::new(#refused), #core::FromNotReady::from_not_ready)
            };
        };
        // Where the error cannot carry a refusal, the compiler points at the type.
        let mut refused = refused.clone();
        refused.set_span(refused.span().located_at(self.span));
        let span = self.span.resolved_at(Span::call_site());
        let (shown_core, shown_private) = (core.at(span), core.private_at(span));
        let answer = quote_spanned! {span=>
            #shown_private::Refused::<#ty>::new(#refused).answer(#shown_core::FromNotReady::from_not_ready)
        };
        quote! {{
            #[allow(unused_imports)]
            use #private::Panics as _;
            #answer
        }}
    }
}

fn is_instance(ty: &Type, own: Option<&Type>) -> bool {
    let ty = bare(ty);
    let Type::Path(path) = ty else { return false };
    if path.path.is_ident("Self") || own.map(bare) == Some(ty) {
        return true;
    }
    let Some(last) = path.path.segments.last() else { return false };
    (last.ident == "Result" || last.ident == "Option")
        && types(last).next().is_some_and(|inner| is_instance(inner, own))
}

/// `impl Trait` can be inferred in a body, but not named.
pub(crate) struct Inferred;

impl VisitMut for Inferred {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => *ty = parse_quote!(_),
            ty => visit_type_mut(self, ty),
        }
    }
}

/// The output of `impl Future<Output = R>`, `Pin<Box<dyn Future<Output = R>>>` or `BoxFuture<'_, R>`.
fn future(ty: &Type) -> Option<(BodyShape, Type)> {
    match ty {
        Type::ImplTrait(it) => Some((BodyShape::Future, it.bounds.iter().find_map(output)?)),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
                return Some((BodyShape::Boxed, types(last).next()?.clone()));
            }
            let inner = types(last).next().filter(|_| last.ident == "Pin")?;
            let Type::Path(inner) = inner else { return None };
            let last = inner.path.segments.last().filter(|last| last.ident == "Box")?;
            let Type::TraitObject(object) = types(last).next()? else { return None };
            Some((BodyShape::Boxed, object.bounds.iter().find_map(output)?))
        }
        _ => None,
    }
}

fn output(bound: &TypeParamBound) -> Option<Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(it) if it.ident == "Output" => Some(it.ty.clone()),
        _ => None,
    })
}

/// The types in the angle brackets.
pub(crate) fn types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    })
}
