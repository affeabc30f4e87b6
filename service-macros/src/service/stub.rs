//! [`Stub`]: what stands in for a service that was refused, so that the rest of the user's code has no errors of its own.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, parse_quote};

use crate::core_path::CorePath;

/// A service in name only. Nothing of it ever runs, because nothing compiles.
pub(crate) struct Stub {
    ident: Ident,
    generics: Generics,
    core: CorePath,
}

impl Stub {
    pub(crate) fn new(ident: &Ident, generics: &Generics, core: &CorePath) -> Self {
        let mut generics = generics.clone();
        let (_, arguments, _) = generics.split_for_impl();
        let is_shareable = parse_quote!(#ident #arguments: ::core::marker::Send + ::core::marker::Sync + 'static);
        if !generics.params.is_empty() {
            generics.make_where_clause().predicates.push(is_shareable);
        }
        Self { ident: ident.clone(), generics, core: core.clone() }
    }
}

impl ToTokens for Stub {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { ident, core, .. } = self;
        let private = core.private();
        let (parameters, arguments, bounds) = self.generics.split_for_impl();
        let mut open = self.generics.clone();
        open.params.push(parse_quote!(__Any: ?::core::marker::Sized));
        let (open, ..) = open.split_for_impl();
        tokens.extend(quote! {
            #[diagnostic::do_not_recommend]
            impl #parameters #core::Service for #ident #arguments #bounds {
                const FACTS: #private::Descriptor = #private::Descriptor::refused();
                const DESCRIPTOR: #private::DescriptorRef = #private::DescriptorRef::refused();
            }

            #[diagnostic::do_not_recommend]
            impl #parameters #private::HasTypeEntry for #ident #arguments #bounds {
                fn type_entry() -> &'static #private::TypeEntry<Self> {
                    ::core::unreachable!()
                }
            }

            #[diagnostic::do_not_recommend]
            impl #open #private::Requires<__Any> for #ident #arguments #bounds {}
            #[diagnostic::do_not_recommend]
            impl #open #private::Wants<__Any> for #ident #arguments #bounds {}

            #[allow(dead_code, missing_docs)]
            impl #parameters #ident #arguments #bounds {
                pub async fn service() -> ::core::result::Result<::std::sync::Arc<Self>, #core::NotReady> {
                    ::core::unreachable!()
                }
                pub fn try_service() -> ::core::result::Result<::std::sync::Arc<Self>, #core::NotReady> {
                    ::core::unreachable!()
                }
            }
        });
    }
}
