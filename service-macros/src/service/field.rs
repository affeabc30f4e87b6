//! [`Field`]: a field of the struct, and how `autowire` fills it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, GenericArgument, Meta, PathArguments, Token, Type};

use crate::bare::bare;
use crate::mistakes::Mistakes;

use super::dependency::Named;

/// A field with a name.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) fill: Fill,
    /// Where its type stands.
    pub(crate) span: Span,
    /// Its own `#[service(default…)]`, for which there must be an `autowire`.
    pub(crate) attribute: Option<TokenStream>,
    /// Its `#[cfg]`.
    pub(crate) conditions: Vec<Attribute>,
}

/// Where its value comes from.
pub(crate) enum Fill {
    /// `Arc<X>`: the instance of X.
    Injected(Named),
    /// `Option<Arc<X>>`: the instance of X, where there is one.
    InjectedIfPresent(Named),
    /// `Default`.
    Default,
    /// `#[service(default = expr)]`.
    Written(TokenStream),
}

impl Field {
    /// Reads a field and takes away the attributes that are meant for us.
    pub(crate) fn take(field: &mut syn::Field, mistakes: &mut Mistakes) -> Self {
        let attributes = take_attributes(field);
        let mut fill = fill(&field.ty);
        for attribute in &attributes {
            match chosen(attribute) {
                Some(chosen) => fill = chosen,
                None => {
                    let text = "on a field, write `#[service(default)]` or `#[service(default = value)]`";
                    mistakes.at(attribute, text);
                }
            }
        }
        if let Some(second) = attributes.get(1) {
            mistakes.at(second, "a field has one default; keep one of these attributes");
        }
        Self {
            name: field.ident.clone().expect("a named field has a name"),
            fill,
            span: field.ty.span().resolved_at(Span::call_site()),
            attribute: attributes.first().map(ToTokens::to_token_stream),
            conditions: field.attrs.iter().filter(|it| it.path().is_ident("cfg")).cloned().collect(),
        }
    }
}

/// Removes each `#[service(…)]`, which nobody but us would understand.
pub(crate) fn take_attributes(field: &mut syn::Field) -> Vec<Attribute> {
    let is_ours = |attribute: &Attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "service");
    field.attrs.extract_if(.., |attribute| is_ours(attribute)).collect()
}

fn fill(ty: &Type) -> Fill {
    match argument_of(ty, "Arc") {
        Some(service) => Fill::Injected(Named::new(service)),
        None => match argument_of(ty, "Option").and_then(|inner| argument_of(inner, "Arc")) {
            Some(service) => Fill::InjectedIfPresent(Named::new(service)),
            None => Fill::Default,
        },
    }
}

/// The X of `Name<X>`, whatever the path before it.
pub(crate) fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(argument) if arguments.args.len() == 1 => Some(bare(argument)),
        _ => None,
    }
}

fn chosen(attribute: &Attribute) -> Option<Fill> {
    let Meta::List(list) = &attribute.meta else { return None };
    list.parse_args_with(|input: syn::parse::ParseStream| {
        let name: Ident = input.parse()?;
        if name != "default" {
            return Err(input.error("not a default"));
        }
        if input.is_empty() {
            return Ok(Fill::Default);
        }
        input.parse::<Token![=]>()?;
        input.parse::<Expr>().map(|value| Fill::Written(value.into_token_stream()))
    })
    .ok()
}
