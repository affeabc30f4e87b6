//! `#[operation]`: runs the body as an operation.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{LitStr, Token, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::arguments::{Known, once, read};
use crate::mistakes::Mistakes;

use super::body::Body;
use super::function::Function;
use super::wrapper::Wrapper;

const KNOWN: &[Known] = &[
    once("name", "`name = \"import\"`"),
    once("domain", "`domain = \"orders\"`"),
    once("crate", "`crate = path::to::service_toolkit`"),
];

/// The arguments of `#[operation]`.
pub(super) struct OperationAttribute {
    name: Option<LitStr>,
    domain: Option<LitStr>,
    toolkit: ToolkitPath,
}

impl Wrapper for OperationAttribute {
    const NAME: &'static str = "operation";

    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut this = Self { name: None, domain: None, toolkit: ToolkitPath::default() };
        read("#[operation]", KNOWN, arguments, mistakes, |name, input, mistakes| {
            if name == "crate" {
                this.toolkit = ToolkitPath::parse(input)?;
                return Ok(());
            }
            input.parse::<Token![=]>()?;
            let text: LitStr = input.parse()?;
            if text.value().trim().is_empty() {
                mistakes.at(&text, format!("`{name}` is empty; write what the records of the operation contain"));
            }
            *(if name == "name" { &mut this.name } else { &mut this.domain }) = Some(text);
            Ok(())
        });
        this
    }

    fn toolkit(&self) -> &ToolkitPath {
        &self.toolkit
    }

    fn wrap(&self, function: &mut Function, _: &mut Mistakes) {
        let body = Body::of(function);
        let Body { future, output, .. } = &body;
        let (toolkit, private) = (&self.toolkit, self.toolkit.private());
        let name = self.name.as_ref().map_or_else(|| function.name().unraw().to_string(), LitStr::value);
        let domain = self.domain.as_ref().map(|domain| quote!(.domain(#domain)));
        let (span, at) = (body.span, self.toolkit.private_at(body.span));
        let failure = quote_spanned!(span=> |returned| #at::Returned::<#output>::new(returned).failure());
        let call = quote!(#toolkit::Operation::new(#name)#domain, #future, #failure);
        let call = body.call(toolkit, "operation", call);
        function.method.block.stmts = parse_quote! {
            #[allow(unused_imports)]
            use #private::Infallible as _;
            #call
        };
    }
}
