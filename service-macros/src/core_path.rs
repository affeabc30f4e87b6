//! [`CorePath`]: where generated code finds `service-core`, and [`local`]: how it names its variables.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Path, Result, Token};

/// The module of `service-core` that generated code uses. Its name carries the version of this contract: change it here and
/// in `service-core/src/lib.rs` when generated code of today would not compile, or do something else, with the core of tomorrow.
const PRIVATE: &str = "__private_v1";

/// Where `service-core` is: `::service_core`, unless `crate = path` says otherwise.
#[derive(Clone, Default)]
pub(crate) struct CorePath(Option<Path>);

impl CorePath {
    /// Reads `= path`.
    pub(crate) fn parse(input: ParseStream) -> Result<Self> {
        input.parse::<Token![=]>()?;
        input.call(Path::parse_mod_style).map(|path| Self(Some(path)))
    }

    /// The module that only generated code uses.
    pub(crate) fn private(&self) -> TokenStream {
        let module = Ident::new(PRIVATE, Span::call_site());
        quote!(#self::#module)
    }

    /// The path, shown at this place in the messages of the compiler.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        shown_at(self.to_token_stream(), span)
    }

    /// The same of the private module.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        shown_at(self.private(), span)
    }
}

impl ToTokens for CorePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote!(::service_core)),
        }
    }
}

/// These tokens, shown at another place.
pub(crate) fn shown_at(path: TokenStream, span: Span) -> TokenStream {
    let shown = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    path.into_iter().map(shown).collect()
}

/// A variable of generated code. Its hygiene keeps it apart from the user's variables, and the underscores from a constant or
/// a static of the user, which a pattern would match instead of binding.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}
