//! What `autowire` writes: the constructor, from the fields.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::core_path::local;

use super::arguments::Autowire;
use super::dependency::Bond;
use super::field::{Field, Fill};
use super::model::Model;

impl Model<'_> {
    pub(crate) fn autowire(&self) -> TokenStream {
        let Self { ident, core, .. } = self;
        let cx = local("cx");
        let fields = self.fields.iter().map(|field| self.filled(field, &cx));
        let instance = quote! {{
            let _ = #cx;
            Self { #(#fields),* }
        }};
        match self.autowire {
            None => TokenStream::new(),
            // At the word `autowire`, so that a second `impl Lifecycle` is reported there.
            Some(Autowire::Lifecycle) => quote_spanned! {self.autowire_span.resolved_at(Span::call_site())=>
                #[diagnostic::do_not_recommend]
                impl #core::Lifecycle for #ident {
                    async fn init(#cx: &#core::Context<Self>) -> #core::Result<Self> {
                        ::core::result::Result::Ok(#instance)
                    }
                }
            },
            Some(Autowire::Constructor) => quote! {
                impl #ident {
                    /// The service, each field injected or by its default.
                    fn autowire(#cx: &#core::Context<Self>) -> Self #instance
                }
            },
        }
    }

    fn filled(&self, field: &Field, cx: &Ident) -> TokenStream {
        let Field { name, fill, conditions, span, .. } = field;
        let value = match fill {
            Fill::Injected(on) => {
                let ty = &on.ty;
                quote!(#cx.get::<#ty>())
            }
            Fill::InjectedIfPresent(on) => {
                let ty = &on.ty;
                let mut listed = self.dependencies.iter().filter(|listed| listed.on.means(on));
                if listed.any(|listed| listed.bond == Bond::Requires) {
                    quote!(::core::option::Option::Some(#cx.get::<#ty>()))
                } else {
                    quote!(#cx.get_opt::<#ty>())
                }
            }
            Fill::Default => {
                let core = self.core.at(*span);
                quote_spanned!(*span=> #core::FieldDefault::field_default())
            }
            Fill::Written(value) => value.clone(),
        };
        quote!(#(#conditions)* #name: #value)
    }
}
