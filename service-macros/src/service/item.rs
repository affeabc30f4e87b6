//! [`Item`]: the user's item, given back as it was, and the [`ServiceStruct`] of the struct if it can be a service.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Fields, GenericParam, Generics, ItemStruct, Visibility, parse2};

use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::written::written;

use super::field::{self, Field};
use super::stub::Stub;

/// What `#[service]` was put on.
pub(crate) struct Item {
    /// The item, without the attributes that are meant for us.
    pub(crate) tokens: TokenStream,
    /// What keeps one mistake from becoming many, where the item is a type at all.
    pub(crate) stub: Option<Stub>,
    /// `None` where it cannot be a service.
    pub(crate) shape: Option<ServiceStruct>,
}

/// A struct that can be a service.
pub(crate) struct ServiceStruct {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) fields: Vec<Field>,
    /// The `Clone` in a `derive` that is still to come.
    pub(crate) clone: Option<Span>,
}

impl Item {
    pub(crate) fn read(tokens: TokenStream, core: &CorePath, mistakes: &mut Mistakes) -> Self {
        let item = match parse2(tokens.clone()) {
            Ok(syn::Item::Struct(item)) => return Self::of_struct(item, core, mistakes),
            Ok(item) => item,
            Err(error) => {
                mistakes.add(error);
                return Self { tokens, stub: None, shape: None };
            }
        };
        let (found, cure, stub) = match &item {
            syn::Item::Enum(item) => {
                (format!("{} is an enum", item.ident), IN_A_FIELD, Some(Stub::new(&item.ident, &item.generics, core)))
            }
            syn::Item::Union(item) => {
                (format!("{} is a union", item.ident), IN_A_FIELD, Some(Stub::new(&item.ident, &item.generics, core)))
            }
            syn::Item::Trait(item) => {
                let cure = "annotate a struct that implements it, with `provides = [dyn …]`";
                (format!("{} is a trait", item.ident), cure, None)
            }
            syn::Item::Fn(item) => {
                let cure = "annotate a struct, and call the function in its `init`";
                (format!("{} is a function", item.sig.ident), cure, None)
            }
            syn::Item::Type(item) => (format!("{} is another name for a type", item.ident), IN_A_FIELD, None),
            syn::Item::Impl(_) => ("this is an impl block".to_owned(), "annotate the struct itself", None),
            _ => ("this is something else".to_owned(), "annotate a struct", None),
        };
        mistakes.at(subject(&item), format!("a service is a struct, and {found}; {cure}"));
        Self { tokens, stub, shape: None }
    }

    fn of_struct(mut item: ItemStruct, core: &CorePath, mistakes: &mut Mistakes) -> Self {
        let clone = derived_clone(&item);
        let fields = match &mut item.fields {
            Fields::Named(fields) => fields.named.iter_mut().flat_map(|field| Field::take(field, mistakes)).collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(fields) => {
                fields.unnamed.iter_mut().for_each(|field| drop(field::take_attributes(field)));
                let ident = &item.ident;
                let text =
                    format!("the fields of a service have names, and {ident} is a tuple struct; name its fields");
                mistakes.at(ident, text);
                Vec::new()
            }
        };
        generic(&item.ident, &item.generics, mistakes);
        let stub = Stub::new(&item.ident, &item.generics, core);
        let shape = ServiceStruct { ident: item.ident.clone(), visibility: item.vis.clone(), fields, clone };
        Self { tokens: item.into_token_stream(), stub: Some(stub), shape: Some(shape) }
    }
}

const IN_A_FIELD: &str = "put it in a field of a struct";

/// What to point at: the item's name, or all of it.
fn subject(item: &syn::Item) -> TokenStream {
    match item {
        syn::Item::Enum(item) => item.ident.to_token_stream(),
        syn::Item::Union(item) => item.ident.to_token_stream(),
        syn::Item::Trait(item) => item.ident.to_token_stream(),
        syn::Item::Fn(item) => item.sig.ident.to_token_stream(),
        syn::Item::Type(item) => item.ident.to_token_stream(),
        syn::Item::Impl(item) => item.self_ty.to_token_stream(),
        item => item.to_token_stream(),
    }
}

/// There is one instance, so there is one type, and it owns what it has.
fn generic(ident: &Ident, generics: &Generics, mistakes: &mut Mistakes) {
    let Some(first) = generics.params.first() else { return };
    let name = format!("{ident}{}", written(generics.split_for_impl().1));
    let text = match first {
        GenericParam::Lifetime(_) => {
            format!(
                "a service lives as long as its registry, so {name} cannot borrow; own the data, or share it in an Arc"
            )
        }
        GenericParam::Type(parameter) => {
            let parameter = &parameter.ident;
            format!(
                "a service has one instance, so {name} cannot be generic; write a newtype for the {parameter} you need"
            )
        }
        GenericParam::Const(parameter) => {
            let parameter = &parameter.ident;
            format!("a service has one instance, so {name} cannot be generic; make {parameter} a constant or a field")
        }
    };
    mistakes.at(&generics.params, text);
}

fn derived_clone(item: &ItemStruct) -> Option<Span> {
    let derives = item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let mut clone = None;
    for derive in derives {
        // What does not parse is the compiler's to report.
        let _ = derive.parse_nested_meta(|derived| {
            if derived.path.segments.last().is_some_and(|last| last.ident == "Clone") {
                clone = derived.path.segments.last().map(|last| last.ident.span());
            }
            Ok(())
        });
    }
    clone
}
