//! `#[error_boundary]`: contains the errors and the panics of the body.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, LitInt, LitStr, Token, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::arguments::{Known, once, read};
use crate::mistakes::Mistakes;

use super::body::Body;
use super::function::Function;
use super::wrapper::Wrapper;

const KNOWN: &[Known] = &[
    once("fallback", "`fallback = value`"),
    once("retries", "`retries = 2`"),
    once("recoverable", "`recoverable = |error| true`, or the path of a function"),
    once("name", "`name = \"fetching the prices\"`"),
    once("crate", "`crate = path::to::service_toolkit`"),
];

/// The arguments of `#[error_boundary]`.
pub(super) struct ErrorBoundaryAttribute {
    fallback: Option<Expr>,
    retries: Option<LitInt>,
    recoverable: Option<Expr>,
    name: Option<LitStr>,
    toolkit: ToolkitPath,
}

impl Wrapper for ErrorBoundaryAttribute {
    const NAME: &'static str = "error_boundary";

    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self {
        let toolkit = ToolkitPath::default();
        let mut this = Self { fallback: None, retries: None, recoverable: None, name: None, toolkit };
        read("#[error_boundary]", KNOWN, arguments, mistakes, |name, input, _| {
            if name == "crate" {
                this.toolkit = ToolkitPath::parse(input)?;
                return Ok(());
            }
            input.parse::<Token![=]>()?;
            if name == "fallback" {
                this.fallback = Some(input.parse()?);
            } else if name == "recoverable" {
                this.recoverable = Some(input.parse()?);
            } else if name == "name" {
                this.name = Some(input.parse()?);
            } else {
                let retries: LitInt = input.parse()?;
                retries.base10_parse::<u32>()?;
                this.retries = Some(retries);
            }
            Ok(())
        });
        this
    }

    fn toolkit(&self) -> &ToolkitPath {
        &self.toolkit
    }

    fn wrap(&self, function: &mut Function, mistakes: &mut Mistakes) {
        let body = Body::of(function);
        body.require_result(function, mistakes);
        let Body { future, output, .. } = &body;
        let name = self.name.as_ref().map_or_else(|| function.name().unraw().to_string(), LitStr::value);
        let private = self.toolkit.private();
        let recoverable = self.recoverable.as_ref().map_or_else(|| quote!(|_| true), |it| quote!(#it));
        let fallback = match &self.fallback {
            Some(value) => quote!(#private::Fallback::<#output>::of(|| #value)),
            None => quote!(#private::Fallback::<#output>::none()),
        };
        // A body that runs once may use its parameters as they are.
        let call = match &self.retries {
            None => {
                let call = quote!(#name, #future, #recoverable, #fallback);
                body.call(&self.toolkit, "contained", call)
            }
            Some(retries) => {
                let clones = function.cloned_parameters(mistakes);
                let call = quote!(#name, #retries, || { #clones #future }, #recoverable, #fallback);
                body.call(&self.toolkit, "contained_again", call)
            }
        };
        function.method.block.stmts = parse_quote!(#call);
    }
}
