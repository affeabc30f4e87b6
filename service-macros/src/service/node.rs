//! What the compiler walks to find cycles: the service's node, and the constant that begins the walk.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::dependency::{Dependency, Form};
use super::model::Model;

impl Model<'_> {
    /// Dependencies that the compiler can follow: services, and no trait objects.
    fn edges(&self) -> impl Iterator<Item = (usize, &Dependency)> {
        self.dependencies.iter().enumerate().filter(|(_, dependency)| dependency.on.form == Form::Path)
    }

    /// The one place that asserts that what is named is a service: a second would say so twice.
    pub(crate) fn node(&self) -> TokenStream {
        let type_name = &self.type_name;
        let location = self.location();
        let edges = self.edges().map(|(number, Dependency { bond, on, conditions })| {
            let (verb, ty) = (bond.verb(), &on.ty);
            let node = quote_spanned!(ty.span()=> <#ty as ::service_core::Service>::NODE);
            quote!(#(#conditions)* (#number, #verb, #node))
        });
        quote! {{
            static NODE: ::service_core::__private::Node =
                ::service_core::__private::Node::new(#type_name, #location, &[#(#edges),*]);
            ::service_core::__private::NodeRef::of(&NODE)
        }}
    }

    /// Looks for a cycle, and says so at the name through which it leads.
    pub(crate) fn check(&self) -> TokenStream {
        let ident = self.ident;
        let dependencies: Vec<_> = self
            .edges()
            .map(|(number, Dependency { on, conditions, .. })| {
                let refuse = quote_spanned!(on.ty.span()=> CHECKED.dependency(#number));
                quote!(#(#conditions)* #refuse;)
            })
            .collect();
        if dependencies.is_empty() {
            return TokenStream::new();
        }
        // A constant and not a variable: a variable of ours could not be named where a `macro_rules!` wrote the user's word.
        quote! {
            const _: () = {
                const CHECKED: ::service_core::__private::Checked =
                    ::service_core::__private::check(<#ident as ::service_core::Service>::NODE);
                #(#dependencies)*
            };
        }
    }
}
