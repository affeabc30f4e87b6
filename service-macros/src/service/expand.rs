//! What `#[service]` writes: facts about the service, in the words of the library.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::dependency::{Bond, Dependency, Form};
use super::model::Model;

impl Model<'_> {
    pub(crate) fn expand(&self) -> TokenStream {
        let reach = self.reach();
        let service = self.service();
        let declared = self.declared();
        let check = self.cycle_check();
        let autowire = self.autowire();
        let clone = self.warn_about_clone();
        let about_hooks = self.about_hooks();
        let (ident, core, private) = (self.ident, &self.core, self.core.private());
        quote! {
            #reach
            #service
            #declared
            #autowire
            #about_hooks
            #clone
            #check
            #private::inventory::submit! {
                #private::Entry::new(<#ident as #core::Service>::declared)
            }
        }
    }

    /// The functions by which the instance is reached from anywhere, so that no trait has to be imported for them.
    fn reach(&self) -> TokenStream {
        let Self { ident, visibility, type_name, core, .. } = self;
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
                -> ::core::result::Result<::std::sync::Arc<Self>, #core::NotReady> {
                    <Self as #core::Service>::service().await
                }

                #[doc = #try_service]
                #visibility fn try_service()
                -> ::core::result::Result<::std::sync::Arc<Self>, #core::NotReady> {
                    <Self as #core::Service>::try_service()
                }
            }
        }
    }

    fn service(&self) -> TokenStream {
        let Self { ident, core, .. } = self;
        let private = core.private();
        let descriptor = self.descriptor();
        let hooks = self.hooks();
        quote! {
            #[diagnostic::do_not_recommend]
            impl #core::Service for #ident {
                const FACTS: #private::Descriptor = #descriptor;
                const DESCRIPTOR: #private::DescriptorRef = {
                    static DESCRIPTOR: #private::Descriptor = <#ident as #core::Service>::FACTS;
                    #private::DescriptorRef::of(&DESCRIPTOR)
                };
                const HOOKS: ::core::option::Option<#private::MakeHooks<Self>> = #hooks;
            }

            #[diagnostic::do_not_recommend]
            impl #private::HasTypeEntry for #ident {
                fn type_entry() -> &'static #private::TypeEntry<Self> {
                    static ENTRY: #private::TypeEntry<#ident> =
                        #private::TypeEntry::new(#private::SLOW_PATH);
                    &ENTRY
                }
            }
        }
    }

    /// A `given` service may do without a lifecycle, and whether it has one is known only to the compiler.
    fn hooks(&self) -> TokenStream {
        let (ident, core, private) = (self.ident, &self.core, self.core.private());
        if self.given {
            return quote! {{
                #[allow(unused_imports)]
                use #private::WithoutLifecycle as _;
                #private::GivenHooks::<#ident>::HOOKS
            }};
        }
        // Shown at the name, where a service without a lifecycle is an error.
        let span = ident.span().resolved_at(Span::call_site());
        let core = core.at(span);
        let hooks = quote_spanned!(span=> <#ident as #core::Lifecycle>::__hooks);
        quote!(::core::option::Option::Some(#hooks))
    }

    /// An argument of a `given` service that would have no effect is an error at that argument.
    fn about_hooks(&self) -> Option<TokenStream> {
        let asserted = self.about_hooks.iter().map(|argument| {
            let span = argument.span().resolved_at(Span::call_site());
            let core = self.core.at(span);
            let mut ident = self.ident.clone();
            ident.set_span(ident.span().located_at(span));
            quote_spanned!(span=> <#ident as #core::HasHooks>::ASSERTED)
        });
        (self.given && !self.about_hooks.is_empty()).then(|| quote!(#(const _: () = #asserted;)*))
    }

    /// Stands before everything else, because the compiler reports a trait object that cannot be shared in many ways.
    pub(crate) fn assert_shareable(&self) -> TokenStream {
        let named = self.dependencies.iter().filter(|dependency| dependency.on.form == Form::TraitObject);
        let asserted = named.map(|Dependency { on, conditions, .. }| {
            let ty = &on.ty;
            let core = self.core.at(ty.span());
            let asserted = quote_spanned!(ty.span()=> <#ty as #core::Shareable>::ASSERTED);
            quote! {
                #(#conditions)*
                const _: [(); #asserted] = [];
            }
        });
        quote!(#(#asserted)*)
    }

    /// What `cx.get()` and `cx.get_opt()` hand out, and two names that nobody has, which keep the compiler from taking
    /// the only declared dependency for any.
    fn declared(&self) -> TokenStream {
        let (ident, core, private) = (self.ident, &self.core, self.core.private());
        let declared = self.dependencies.iter().filter_map(|Dependency { bond, on, conditions, .. }| {
            let ty = &on.ty;
            match bond {
                Bond::Requires => Some(quote! {
                    #(#conditions)*
                    #[diagnostic::do_not_recommend]
                    impl #private::Requires<#ty> for #ident {}
                }),
                // The second one never applies: its bound is the error of a `cx.get()`.
                Bond::Wants => Some(quote! {
                    #(#conditions)*
                    #[diagnostic::do_not_recommend]
                    impl #private::Wants<#ty> for #ident {}
                    #(#conditions)*
                    impl #private::Requires<#ty> for #ident
                    where
                        for<'any> #ty: #core::OnlyWanted<'any, #ident>,
                    {}
                }),
                Bond::After => None,
            }
        });
        let hidden = [quote!(Requires), quote!(Wants)].into_iter().flat_map(|promise| {
            [0usize, 1].map(|nth| {
                quote! {
                    #[diagnostic::do_not_recommend]
                    impl #private::#promise<#private::Hidden<#nth>> for #ident {}
                }
            })
        });
        quote!(#(#declared)* #(#hidden)*)
    }

    /// A deprecated function that exists for clonable services alone. By the type and not by the attribute, because a
    /// `derive` that stands above ours has already gone.
    fn warn_about_clone(&self) -> TokenStream {
        let (ident, core, private) = (self.ident, &self.core, self.core.private());
        let span = self.clone.unwrap_or(ident.span());
        let probe = quote_spanned!(span=> clone);
        quote! {
            const _: fn() = || {
                #[allow(unused_imports)]
                use #private::NotCloned as _;
                #core::Instance::<#ident>::#probe();
            };
        }
    }
}
