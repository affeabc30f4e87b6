//! [`Parameter`]: what a test asks for: a service, or the registry.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Error, FnArg, Pat, Result, Type};

use crate::bare::bare;
use crate::service::argument_of;

/// A parameter of the test function.
pub(crate) enum Parameter<'a> {
    /// `pattern: Arc<X>`; X may also be what replaces a trait object.
    Service { pattern: &'a Pat, ty: &'a Type, service: &'a Type },
    /// `pattern: Registry`.
    Registry { pattern: &'a Pat, ty: &'a Type },
}

impl<'a> Parameter<'a> {
    pub(crate) fn read(input: &'a FnArg) -> Result<Self> {
        let refusal = |input: &FnArg| {
            Error::new_spanned(
                input,
                "a test takes services and the registry; write `name: Arc<Service>` or `name: Registry`",
            )
        };
        let FnArg::Typed(typed) = input else { return Err(refusal(input)) };
        let (pattern, ty) = (&*typed.pat, &*typed.ty);
        if let Some(service) = argument_of(ty, "Arc") {
            return Ok(Self::Service { pattern, ty, service });
        }
        match bare(ty) {
            Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Registry") => {
                Ok(Self::Registry { pattern, ty })
            }
            _ => Err(refusal(input)),
        }
    }

    /// The service to boot for it.
    pub(crate) fn service(&self) -> Option<&Type> {
        match self {
            Self::Service { service, .. } => Some(service),
            Self::Registry { .. } => None,
        }
    }

    /// Takes it from the registry, or the fakes, in these variables.
    pub(crate) fn bind(&self, registry: &Ident, fakes: &Ident) -> TokenStream {
        match self {
            Self::Service { pattern, ty, service } => quote! {
                let #pattern: #ty = #fakes.argument::<#service>(&#registry).await;
            },
            Self::Registry { pattern, ty } => quote! {
                let #pattern: #ty = ::core::clone::Clone::clone(&#registry);
            },
        }
    }
}
