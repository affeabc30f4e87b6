//! The descriptor of a service: everything that the user stated, as constants.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::core_path::local;

use super::arguments::{Restart, When};
use super::conditions::Listed;
use super::dependency::{Dependency, Named};
use super::model::{Model, Retry};

impl Model<'_> {
    pub(crate) fn descriptor(&self) -> TokenStream {
        let private = self.core.private();
        let type_name = &self.type_name;
        // The place of the struct's name, and not of its attribute.
        let location = quote_spanned! {self.ident.span()=>
            Location::new(::core::module_path!(), ::core::file!(), ::core::line!(), ::core::column!())
        };
        let flags = [("lazy", self.lazy), ("optional", self.optional), ("given", self.given)];
        let flags = flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| {
            let flag = Ident::new(flag, Span::call_site());
            quote!(#flag: true)
        });
        let facts = [
            self.name.as_ref().map(|name| quote!(name: ::core::option::Option::Some(#name))),
            self.dependencies(),
            self.provides(),
            self.when(),
            self.budgets(),
            self.retry(),
            self.restart(),
            self.tags(),
        ];
        let facts = facts.into_iter().flatten().chain(flags);
        quote!(#private::Descriptor { #(#facts,)* ..#private::Descriptor::new(#type_name, #private::#location) })
    }

    /// The one place that asserts that what is named is a service: the compiler would report a second one again.
    fn dependencies(&self) -> Option<TokenStream> {
        let private = self.core.private();
        let dependencies = self.numbered().map(|(number, dependency)| {
            let Dependency { bond, on: Named { ty, text, .. }, is_injected, conditions } = dependency;
            let bond = Ident::new(bond.variant(), Span::call_site());
            let descriptor = if dependency.is_service() {
                let core = self.core.at(ty.span());
                let descriptor = match is_injected {
                    true => quote_spanned!(ty.span()=> <#ty as #core::Injectable>::DESCRIPTOR),
                    false => quote_spanned!(ty.span()=> <#ty as #core::Service>::DESCRIPTOR),
                };
                quote!(::core::option::Option::Some(#descriptor))
            } else {
                quote!(::core::option::Option::None)
            };
            quote! {
                #(#conditions)*
                #private::DeclaredDependency::on::<#ty>(#number, #private::Bond::#bond, #text, #descriptor)
            }
        });
        (!self.dependencies.is_empty()).then(|| quote!(dependencies: &[#(#dependencies),*]))
    }

    fn provides(&self) -> Option<TokenStream> {
        let (ident, private) = (self.ident, self.core.private());
        let instance = local("instance");
        let provides = self.provides.iter().map(|Listed { conditions, member: Named { ty, text, .. } }| {
            // The span of the trait, where a service that does not implement it is an error.
            let cast = quote_spanned!(ty.span()=> |__it| __it);
            let core = self.core.at(ty.span());
            let shared = quote_spanned!(ty.span()=> <#ty as #core::Shareable>);
            quote! {
                #(#conditions)*
                #private::Provided::of::<#ty>(#text, |#instance| #shared::cast::<#ident>(#instance, #cast))
            }
        });
        (!self.provides.is_empty()).then(|| quote!(provides: &[#(#provides),*]))
    }

    fn when(&self) -> Option<TokenStream> {
        let private = self.core.private();
        let When { path, text } = self.when.as_ref()?;
        Some(quote!(when: ::core::option::Option::Some(#private::When { text: #text, holds: #path })))
    }

    fn budgets(&self) -> Option<TokenStream> {
        let private = self.core.private();
        let budgets = self.budgets.iter().map(|(argument, time)| {
            let budget = argument.to_string();
            let budget = format_ident!("{}", budget.trim_end_matches("_timeout"));
            quote!(#budget: #time,)
        });
        let rest = (budgets.len() < 4).then(|| quote!(..#private::Budgets::DEFAULT));
        (!self.budgets.is_empty()).then(|| quote!(budgets: #private::Budgets { #(#budgets)* #rest }))
    }

    fn retry(&self) -> Option<TokenStream> {
        let private = self.core.private();
        let Retry { attempts, delay, max_delay } = self.retry.as_ref()?;
        Some(quote!(retry: #private::Retry::new(#attempts, #delay, #max_delay)))
    }

    /// In a function, because the expression need not be constant.
    fn restart(&self) -> Option<TokenStream> {
        let core = &self.core;
        let policy = match self.restart.as_ref()? {
            Restart::Usual => quote!(#core::Restart::transient()),
            Restart::As(policy) => quote!(#policy),
        };
        Some(quote!(restart: ::core::option::Option::Some(|| #policy)))
    }

    fn tags(&self) -> Option<TokenStream> {
        let tags = self.tags.iter().map(|Listed { conditions, member }| quote!(#(#conditions)* #member));
        (!self.tags.is_empty()).then(|| quote!(tags: &[#(#tags),*]))
    }
}
