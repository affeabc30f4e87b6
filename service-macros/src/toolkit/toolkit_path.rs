//! [`ToolkitPath`]: where generated code finds `service-toolkit`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Path, Result, Token, parse_quote};

use crate::core_path::shown_at;

/// The module of `service-toolkit` that generated code uses. Its name carries the version of this contract: change it here and
/// in `service-toolkit/src/lib.rs` when generated code of today would not compile, or do something else, with the toolkit of tomorrow.
/// Messages of the compiler contain it.
const MODULE: &str = "attribute_v1";

/// Where `service-toolkit` is: `::service_toolkit`, unless `crate = path` says otherwise.
pub(super) struct ToolkitPath(Path);

impl ToolkitPath {
    /// Reads `= path`.
    pub(super) fn parse(input: ParseStream) -> Result<Self> {
        input.parse::<Token![=]>()?;
        input.call(Path::parse_mod_style).map(Self)
    }

    /// The module that only generated code uses.
    pub(super) fn private(&self) -> TokenStream {
        let module = Ident::new(MODULE, Span::call_site());
        quote!(#self::#module)
    }

    /// The path, shown at this place in the messages of the compiler.
    pub(super) fn at(&self, span: Span) -> TokenStream {
        shown_at(self.to_token_stream(), span)
    }

    /// The same of the module.
    pub(super) fn private_at(&self, span: Span) -> TokenStream {
        shown_at(self.private(), span)
    }
}

impl Default for ToolkitPath {
    fn default() -> Self {
        Self(parse_quote!(::service_toolkit))
    }
}

impl ToTokens for ToolkitPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
