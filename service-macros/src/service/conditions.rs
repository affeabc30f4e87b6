//! [`conditions`]: the `#[cfg]` of a field or of a member of a list, also from inside a `cfg_attr`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Meta, Result, Token, parse_quote};

/// A member of a list in the arguments, with the conditions under which it belongs to the list.
pub(crate) struct Listed<T> {
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) member: T,
}

impl<T: Parse> Parse for Listed<T> {
    fn parse(input: ParseStream) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let conditions = conditions(&attributes);
        Ok(Self { conditions, member: input.parse()? })
    }
}

/// The attributes that decide whether the compiler keeps what they stand on.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter_map(condition).collect()
}

fn condition(attribute: &Attribute) -> Option<Attribute> {
    if attribute.path().is_ident("cfg") {
        return Some(attribute.clone());
    }
    let ConditionalAttributes { predicate, attributes } = ConditionalAttributes::of(attribute)?;
    let conditions: Vec<_> = attributes.iter().filter(|meta| meta.path().is_ident("cfg")).collect();
    (!conditions.is_empty()).then(|| parse_quote!(#[cfg_attr(#predicate, #(#conditions),*)]))
}

/// What a `cfg_attr` says.
pub(crate) struct ConditionalAttributes {
    pub(crate) predicate: TokenStream,
    pub(crate) attributes: Vec<Meta>,
}

impl ConditionalAttributes {
    /// `None` if this is another attribute, or one that only the compiler can report.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let Meta::List(list) = &attribute.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        list.parse_args().ok()
    }
}

impl Parse for ConditionalAttributes {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut predicate = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            predicate.extend([input.parse::<proc_macro2::TokenTree>()?]);
        }
        if predicate.is_empty() {
            return Err(Error::new(input.span(), "no predicate"));
        }
        input.parse::<Option<Token![,]>>()?;
        let attributes = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
        Ok(Self { predicate, attributes: attributes.into_iter().collect() })
    }
}
