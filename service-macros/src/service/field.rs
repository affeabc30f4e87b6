//! [`Field`]: a field of the struct, and how `autowire` fills it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, GenericArgument, Meta, PathArguments, Token, Type, parse_quote};

use crate::bare::bare;
use crate::mistakes::Mistakes;

use super::conditions::{ConditionalAttributes, conditions};
use super::dependency::Named;
use super::thread_bound::refuse_thread_bound;

/// A field with a name.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) fill: Fill,
    /// Where its type stands.
    pub(crate) span: Span,
    /// Its own `#[service(default…)]`, for which there must be an `autowire`.
    pub(crate) attribute: Option<TokenStream>,
    /// Its `#[cfg]`, and the condition of its default.
    pub(crate) conditions: Vec<Attribute>,
}

/// Where its value comes from.
#[derive(Clone)]
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
    /// Reads a field and takes away the attributes that are meant for us. A default in a `cfg_attr` makes two fields of one, of
    /// which the compiler keeps one.
    pub(crate) fn take(field: &mut syn::Field, mistakes: &mut Mistakes) -> Vec<Self> {
        let own = take_attributes(field);
        let mut read = |OwnAttribute { meta, shown, .. }: &OwnAttribute, otherwise: &Fill| {
            chosen(meta).unwrap_or_else(|| {
                mistakes.at(shown, "on a field, write `#[service(default)]` or `#[service(default = value)]`");
                otherwise.clone()
            })
        };
        let by_type = fill(&field.ty);
        let (conditional, always): (Vec<_>, Vec<_>) = own.iter().partition(|own| own.predicate.is_some());
        let otherwise = always.iter().fold(by_type.clone(), |_, own| read(own, &by_type));
        let conditional: Vec<_> = conditional.into_iter().map(|own| (own, read(own, &by_type))).collect();
        if let Some(second) = always.get(1) {
            mistakes.at(&second.shown, "a field has one default; keep one of these attributes");
        }
        let mut conditions = conditions(&field.attrs);
        let like = |fill, conditions, attribute: Option<&OwnAttribute>| Self {
            name: field.ident.clone().expect("a named field has a name"),
            fill,
            span: field.ty.span().resolved_at(Span::call_site()),
            attribute: attribute.map(|own| own.shown.clone()),
            conditions,
        };
        let mut fields = Vec::new();
        for (own, fill) in conditional {
            let predicate = &own.predicate;
            let holds = conditions.iter().cloned().chain([parse_quote!(#[cfg(#predicate)])]);
            fields.push(like(fill, holds.collect(), Some(own)));
            conditions.push(parse_quote!(#[cfg(not(#predicate))]));
        }
        fields.push(like(otherwise, conditions, always.first().copied()));
        refuse_thread_bound(&mut field.ty);
        fields
    }
}

/// A `#[service(…)]` on a field.
pub(crate) struct OwnAttribute {
    /// The condition of the `cfg_attr` around it.
    predicate: Option<TokenStream>,
    meta: Meta,
    /// What an error about it points at.
    shown: TokenStream,
}

/// Removes each `#[service(…)]`, which nobody but us would understand.
pub(crate) fn take_attributes(field: &mut syn::Field) -> Vec<OwnAttribute> {
    let mut own = Vec::new();
    for attribute in std::mem::take(&mut field.attrs) {
        if is_ours(&attribute.meta) {
            own.push(OwnAttribute { predicate: None, shown: attribute.to_token_stream(), meta: attribute.meta });
            continue;
        }
        let Some(ConditionalAttributes { predicate, attributes }) = ConditionalAttributes::of(&attribute) else {
            field.attrs.push(attribute);
            continue;
        };
        let (ours, others): (Vec<_>, Vec<_>) = attributes.into_iter().partition(is_ours);
        own.extend(ours.into_iter().map(|meta| OwnAttribute {
            predicate: Some(predicate.clone()),
            shown: meta.to_token_stream(),
            meta,
        }));
        if !others.is_empty() {
            field.attrs.push(parse_quote!(#[cfg_attr(#predicate, #(#others),*)]));
        }
    }
    own
}

fn is_ours(meta: &Meta) -> bool {
    meta.path().segments.last().is_some_and(|last| last.ident == "service")
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

fn chosen(meta: &Meta) -> Option<Fill> {
    let Meta::List(list) = meta else { return None };
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
