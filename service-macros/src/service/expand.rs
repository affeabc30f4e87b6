//! What `#[service]` writes: facts about the service, in the words of the library.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::arguments::{Restart, When};
use super::dependency::{Bond, Dependency, Named};
use super::model::{Model, Retry};

impl Model<'_> {
    pub(crate) fn expand(&self) -> TokenStream {
        let reach = self.reach();
        let service = self.service();
        let declared = self.declared();
        let check = self.check();
        let autowire = self.autowire();
        let clone = self.warn_about_clone();
        let ident = self.ident;
        quote! {
            #reach
            #service
            #declared
            #autowire
            #clone
            #check
            ::service_core::__private::inventory::submit! {
                ::service_core::__private::Entry::new(<#ident as ::service_core::Service>::definition)
            }
        }
    }

    /// The functions by which the instance is reached from anywhere, so that no trait has to be imported for them.
    fn reach(&self) -> TokenStream {
        let Self { ident, visibility, type_name, .. } = self;
        let service = format!(
            "The instance of [`{type_name}`] in the current registry, once it is ready.\n\n\
             # Errors\n\nWhen it is not coming up, or does not within its budget."
        );
        let try_service = format!(
            "The instance of [`{type_name}`] in the current registry, if it is ready now.\n\n\
             # Errors\n\nWhen it is not ready."
        );
        quote! {
            #[allow(dead_code)]
            impl #ident {
                #[doc = #service]
                #visibility async fn service()
                -> ::core::result::Result<::std::sync::Arc<Self>, ::service_core::NotReady> {
                    <Self as ::service_core::Service>::service().await
                }

                #[doc = #try_service]
                #visibility fn try_service()
                -> ::core::result::Result<::std::sync::Arc<Self>, ::service_core::NotReady> {
                    <Self as ::service_core::Service>::try_service()
                }
            }
        }
    }

    fn service(&self) -> TokenStream {
        let ident = self.ident;
        let node = self.node();
        let definition = self.definition();
        quote! {
            #[diagnostic::do_not_recommend]
            impl ::service_core::Service for #ident {
                const NODE: ::service_core::__private::NodeRef = #node;

                fn definition() -> ::service_core::__private::Definition {
                    #definition
                }
            }

            #[diagnostic::do_not_recommend]
            impl ::service_core::__private::Homed for #ident {
                fn home() -> &'static ::service_core::__private::Home<Self> {
                    static HOME: ::service_core::__private::Home<#ident> = ::service_core::__private::Home::new();
                    &HOME
                }
            }
        }
    }

    /// Where the struct is, by its name and not by its attribute.
    pub(crate) fn location(&self) -> TokenStream {
        quote_spanned! {self.ident.span()=>
            ::service_core::__private::Location::new(
                ::core::module_path!(), ::core::file!(), ::core::line!(), ::core::column!(),
            )
        }
    }

    fn definition(&self) -> TokenStream {
        let Self { ident, type_name, .. } = self;
        let location = self.location();
        let name = self.name.iter().map(|name| quote!(let declare = declare.name(#name);));
        let dependencies = self.dependencies.iter().map(|Dependency { bond, on, conditions }| {
            let (method, ty, text) = (Ident::new(bond.argument(), Span::call_site()), &on.ty, &on.text);
            quote!(#(#conditions)* let declare = declare.#method::<#ty>(#text);)
        });
        let provides = self.provides.iter().map(|Named { ty, text, .. }| {
            let coerce = quote_spanned!(ty.span()=> |it| it);
            quote!(let declare = declare.provides::<#ty>(#text, #coerce);)
        });
        let flags = [("lazy", self.lazy), ("optional", self.optional)].into_iter().filter(|(_, is_set)| *is_set).map(
            |(flag, _)| {
                let flag = Ident::new(flag, Span::call_site());
                quote!(let declare = declare.#flag();)
            },
        );
        let tags = self.tags.iter().map(|tag| quote!(let declare = declare.tag(#tag);));
        let when = self.when.iter().map(|When { path, text }| {
            let holds = quote_spanned!(path.span()=> fn() -> bool);
            quote!(let holds: #holds = #path; let declare = declare.when(#text, holds);)
        });
        let budgets = self.budgets.iter().map(|(budget, time)| quote!(let declare = declare.#budget(#time);));
        let retry = self.retry.iter().map(|Retry { attempts, delay, max_delay }| {
            quote! {
                let declare = declare.retry(::service_core::__private::Retry::new(#attempts, #delay, #max_delay));
            }
        });
        let restart = self.restart.iter().map(|restart| match restart {
            Restart::Usual => quote!(let declare = declare.restart(::service_core::Restart::transient());),
            Restart::As(policy) => {
                let restart = quote_spanned!(policy.span()=> ::service_core::Restart);
                quote!(let restart: #restart = #policy; let declare = declare.restart(restart);)
            }
        });
        // Shown at the name, where a service without a lifecycle is told so.
        let span = ident.span().resolved_at(Span::call_site());
        let end = if self.given {
            quote_spanned!(span=> declare.given())
        } else {
            quote_spanned!(span=> <#ident as ::service_core::Lifecycle>::managed(declare))
        };
        quote! {
            let declare = ::service_core::__private::Declare::<#ident>::new(#type_name, #location);
            #(#name)* #(#dependencies)* #(#provides)* #(#flags)* #(#tags)* #(#when)* #(#budgets)* #(#retry)* #(#restart)*
            #end
        }
    }

    /// What `cx.get()` and `cx.get_opt()` hand out, and two names that nobody has, which keep the compiler from taking
    /// the only declared dependency for any.
    fn declared(&self) -> TokenStream {
        let ident = self.ident;
        let declared = self.dependencies.iter().filter_map(|Dependency { bond, on, conditions }| {
            let (promise, ty) = match bond {
                Bond::Requires => (quote!(Requires), &on.ty),
                Bond::Wants => (quote!(Wants), &on.ty),
                Bond::After => return None,
            };
            Some(quote! {
                #(#conditions)*
                #[diagnostic::do_not_recommend]
                impl ::service_core::__private::#promise<#ty> for #ident {}
            })
        });
        let hidden = [quote!(Requires), quote!(Wants)].into_iter().flat_map(|promise| {
            [0usize, 1].map(|nth| {
                quote! {
                    #[diagnostic::do_not_recommend]
                    impl ::service_core::__private::#promise<::service_core::__private::Hidden<#nth>> for #ident {}
                }
            })
        });
        quote!(#(#declared)* #(#hidden)*)
    }

    /// A deprecated function that exists for clonable services alone. By the type and not by the attribute, because a
    /// `derive` that stands above ours has already gone.
    fn warn_about_clone(&self) -> TokenStream {
        let ident = self.ident;
        let span = self.clone.unwrap_or(ident.span());
        let probe = quote_spanned!(span=> clone);
        quote! {
            const _: fn() = || {
                #[allow(unused_imports)]
                use ::service_core::__private::NotCloned as _;
                ::service_core::Instance::<#ident>::#probe();
            };
        }
    }
}
