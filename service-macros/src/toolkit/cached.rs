//! `#[cached]`: keeps what the body returned, by the parameters.

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitInt, Token, Type, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::arguments::{Known, once, read};
use crate::core_path::local;
use crate::mistakes::Mistakes;
use crate::timespan::Timespan;

use super::body::Body;
use super::function::{Function, NamedParameter};
use super::number::count;
use super::wrapper::Wrapper;

const KNOWN: &[Known] = &[
    once("ttl", "`ttl = \"5m\"`"),
    once("none_ttl", "`none_ttl = \"1s\"`"),
    once("max_size", "`max_size = 100`"),
    once("key", "`key = (id, name.to_owned())`"),
    once("cache", "`cache = self.users`, a `service_toolkit::Cache`"),
    once("crate", "`crate = path::to::service_toolkit`"),
];

/// The arguments of `#[cached]`.
pub(super) struct CachedAttribute {
    ttl: Option<Timespan>,
    none_ttl: Option<Timespan>,
    max_size: Option<LitInt>,
    key: Option<Expr>,
    cache: Option<Expr>,
    /// The names of `ttl`, `none_ttl` and `max_size`, as far as they are written.
    settings: Vec<Ident>,
    toolkit: ToolkitPath,
}

impl Wrapper for CachedAttribute {
    const NAME: &'static str = "cached";

    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut this = Self {
            ttl: None,
            none_ttl: None,
            max_size: None,
            key: None,
            cache: None,
            settings: Vec::new(),
            toolkit: ToolkitPath::default(),
        };
        read("#[cached]", KNOWN, arguments, mistakes, |name, input, mistakes| {
            if name == "crate" {
                this.toolkit = ToolkitPath::parse(input)?;
            } else if name == "key" || name == "cache" {
                input.parse::<Token![=]>()?;
                *(if name == "key" { &mut this.key } else { &mut this.cache }) = Some(input.parse()?);
            } else {
                this.settings.push(name.clone());
                if name == "max_size" {
                    this.max_size = Some(count(name, "nothing would be kept", input, mistakes)?);
                    return Ok(());
                }
                input.parse::<Token![=]>()?;
                if name == "ttl" {
                    this.ttl = Timespan::parse_positive(name, input, mistakes)?;
                } else {
                    this.none_ttl = Timespan::parse(name, input, mistakes)?;
                }
            }
            Ok(())
        });
        if this.cache.is_some() {
            for setting in &this.settings {
                let text = format!(
                    "`{setting}` is a setting of the cache that `cache` names; remove it here, and set it there"
                );
                mistakes.at(setting, text);
            }
        }
        this
    }

    fn toolkit(&self) -> &ToolkitPath {
        &self.toolkit
    }

    fn wrap(&self, function: &mut Function, mistakes: &mut Mistakes) {
        let name = function.name().clone();
        if let (None, Some(receiver)) = (&self.cache, function.receiver()) {
            let text = format!(
                "`{name}` has a `self`, and what it returns belongs to that instance; add a field of the type `service_toolkit::Cache`, and write `cache = self.field`"
            );
            mistakes.at(receiver, text);
        }
        if mentions_impl(function.method.sig.output.to_token_stream()) {
            let text = format!("`{name}` returns an `impl` type, which has no name to keep it under; write the type");
            mistakes.at(&function.method.sig.output, text);
        }
        let key = self.key(function, mistakes);
        let body = Body::of(function);
        let (private, key_name) = (self.toolkit.private(), local("key"));
        let (name, cache) = match &self.cache {
            Some(cache) => ("cached", self.handle(cache)),
            None => ("cached_for_function", self.function_cache(body.span)),
        };
        let Body { future, output, .. } = &body;
        let at = self.toolkit.private_at(body.span);
        let kind = quote_spanned!(body.span=> #at::Kind::<#output>::new().kind());
        // Shown where a key of another type comes from.
        let mut at_key = key_name.clone();
        let shown = self.key.as_ref().or(self.cache.as_ref()).map_or(body.span, Spanned::span);
        at_key.set_span(key_name.span().located_at(shown));
        let call = quote!(#cache, #kind, #at_key, #future);
        let call = body.call(&self.toolkit, name, call);
        // The key first, because the body may move the parameters.
        function.method.block.stmts = parse_quote! {
            #[allow(unused_imports)]
            use #private::PlainKind as _;
            let #key_name = #key;
            #call
        };
    }
}

impl CachedAttribute {
    fn key(&self, function: &Function, mistakes: &mut Mistakes) -> TokenStream {
        if let Some(key) = &self.key {
            return key.to_token_stream();
        }
        match function.named_parameters() {
            Ok(parameters) => {
                let owned: Vec<_> = parameters.iter().map(owned).collect();
                match &owned[..] {
                    [one] => one.clone(),
                    several => quote!((#(#several),*)),
                }
            }
            Err(pattern) => {
                let text =
                    "the key is made of the parameters, and this one has no name; give it a name, or write `key = …`";
                mistakes.at(pattern, text);
                quote!(())
            }
        }
    }

    /// A handle of the cache that the user names, because the body may move `self`. The compiler points at it if it is no cache.
    fn handle(&self, cache: &Expr) -> TokenStream {
        let span = cache.span().resolved_at(Span::call_site());
        let at = self.toolkit.at(span);
        quote_spanned!(span=> <#at::Cache<_, _> as ::core::clone::Clone>::clone(&#cache))
    }

    /// The cache of the function itself.
    fn function_cache(&self, span: Span) -> TokenStream {
        let (private, at) = (self.toolkit.private(), self.toolkit.private_at(span));
        let size = self.max_size.as_ref().map_or_else(|| quote!(1000), ToTokens::to_token_stream);
        let unlimited = Timespan::of(Duration::MAX);
        let ttl = match (&self.ttl, &self.none_ttl) {
            (None, None) => quote!(::core::option::Option::None),
            (Some(ttl), None) => quote!(::core::option::Option::Some(|_| #ttl)),
            (ttl, Some(none_ttl)) => {
                let ttl = ttl.as_ref().unwrap_or(&unlimited);
                quote!(::core::option::Option::Some(|value| #private::ttl_of_option(value, #ttl, #none_ttl)))
            }
        };
        // All of it is shown at the return type, like the call.
        quote_spanned! {span=>
            #at::FunctionCache {
                caches: {
                    static CACHES: #at::Caches = #at::Caches::new();
                    &CACHES
                },
                instance: || {},
                max_size: #size,
                ttl: #ttl,
            }
        }
    }
}

/// A parameter as a part of a key that outlives the call.
fn owned(NamedParameter { name, ty }: &NamedParameter) -> TokenStream {
    match ty {
        Type::Reference(_) => quote!(::std::borrow::ToOwned::to_owned(#name)),
        _ => quote!(::core::clone::Clone::clone(&#name)),
    }
}

fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}
