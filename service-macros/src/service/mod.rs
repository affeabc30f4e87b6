//! `#[service]`: read the arguments and the item, make the model, check it, write it out.

mod arguments;
mod autowire;
mod conditions;
mod cycle_check;
mod dependency;
mod descriptor;
mod expand;
mod field;
mod item;
mod model;
mod stub;
mod thread_bound;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;

use crate::mistakes::Mistakes;

use self::arguments::ServiceArguments;
pub(crate) use self::field::argument_of;
use self::item::Item;
use self::model::Model;

/// The user's item, and what makes it a service; or the item, every mistake, and a stub in the place of the service.
pub(crate) fn service(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = ServiceArguments::read(arguments, &mut mistakes);
    let item = Item::read(tokens, &arguments.core, &mut mistakes);
    let model = item.shape.as_ref().map(|shape| Model::new(arguments, shape, &mut mistakes));
    let Item { tokens, stub, .. } = item;
    match (model, mistakes.read()) {
        (Some(model), None) => {
            let service = model.expand();
            let asserted = model.assert_shareable();
            quote!(#asserted #tokens #service)
        }
        (_, errors) => quote!(#tokens #errors #stub),
    }
}
