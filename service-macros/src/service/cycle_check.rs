//! The constant in which the compiler looks for cycles of services.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::dependency::Dependency;
use super::model::Model;

impl Model<'_> {
    /// Looks for a cycle, and reports it at the name through which it leads.
    pub(crate) fn cycle_check(&self) -> TokenStream {
        let (ident, core, private) = (self.ident, &self.core, self.core.private());
        let mut dependencies = self.numbered().filter(|(_, dependency)| dependency.is_service()).peekable();
        if dependencies.peek().is_none() {
            return TokenStream::new();
        }
        let dependencies = dependencies.map(|(number, Dependency { on, conditions, .. })| {
            let refuse = quote_spanned!(on.ty.span()=> CHECKED.dependency(#number));
            quote!(#(#conditions)* #refuse;)
        });
        // A constant and not a variable: the calls have the hygiene of the user's tokens, and would not see a variable. No
        // token of the user stands in this block but the name of the type.
        quote! {
            const _: () = {
                const CHECKED: #private::Checked = #private::check(<#ident as #core::Service>::DESCRIPTOR);
                #(#dependencies)*
            };
        }
    }
}
