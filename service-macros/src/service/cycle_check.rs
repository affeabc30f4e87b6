//! The constant in which the compiler looks for cycles of services.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::dependency::Dependency;
use super::model::Model;

impl Model<'_> {
    /// Looks for a cycle, and reports it at the name through which it leads.
    pub(crate) fn cycle_check(&self) -> TokenStream {
        let (ident, core) = (self.ident, &self.core);
        let dependencies = self.numbered().filter(|(_, dependency)| dependency.is_service());
        let dependencies = dependencies.map(|(number, Dependency { on, conditions, .. })| {
            let refuse = quote_spanned!(on.ty.span()=> <#ident as #core::Service>::CHECKED.dependency(#number));
            // Each in a constant of its own, because the first panic ends the evaluation of a constant.
            quote! {
                #(#conditions)*
                const _: () = #refuse;
            }
        });
        quote!(#(#dependencies)*)
    }
}
