//! [`wrapped`]: what all attributes of service-toolkit have in common.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Meta, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::mistakes::Mistakes;
use crate::outer::is_toolkit;

use super::function::Function;

/// The first argument of an attribute that is below all others of its function, and so is outside of them.
const OUTERMOST: &str = "__outermost";

/// An attribute that wraps the body of an async function.
pub(super) trait Wrapper: Sized {
    /// The name, without the path.
    const NAME: &'static str;

    /// Reads the arguments.
    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self;

    /// Where service-toolkit is.
    fn toolkit(&self) -> &ToolkitPath;

    /// The new body, and what changes in the signature; or mistakes.
    fn wrap(&self, function: &mut Function, mistakes: &mut Mistakes);
}

/// The function with the attribute; or the function as it was, and every mistake.
pub(super) fn wrapped<W: Wrapper>(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let (is_outermost, arguments) = without_mark(arguments);
    let wrapper = W::read(arguments.clone(), &mut mistakes);
    let Some(mut function) = Function::read(W::NAME, tokens.clone(), &mut mistakes) else {
        let errors = mistakes.read();
        return quote!(#errors #tokens);
    };
    let below = &mut function.method.attrs;
    // If the last one is marked, the order is right already.
    let is_ordered = is_outermost || below.iter().any(is_marked);
    if !is_ordered && below.iter().any(is_toolkit) {
        let mut inside: Vec<_> = below.extract_if(.., |attribute| is_toolkit(attribute)).collect();
        inside.reverse();
        below.append(&mut inside);
        below.push(marked::<W>(wrapper.toolkit(), &arguments));
    } else {
        wrapper.wrap(&mut function, &mut mistakes);
    }
    match mistakes.read() {
        None => function.method.into_token_stream(),
        Some(errors) => quote!(#errors #tokens),
    }
}

fn mark() -> Ident {
    Ident::new(OUTERMOST, Span::call_site())
}

fn marked<W: Wrapper>(toolkit: &ToolkitPath, arguments: &TokenStream) -> Attribute {
    let (mark, name) = (mark(), Ident::new(W::NAME, Span::call_site()));
    parse_quote!(#[#toolkit::#name(#mark, #arguments)])
}

fn is_marked(attribute: &Attribute) -> bool {
    is_toolkit(attribute) && matches!(&attribute.meta, Meta::List(list) if without_mark(list.tokens.clone()).0)
}

/// The arguments without the mark and the comma after it, and whether there was one.
fn without_mark(arguments: TokenStream) -> (bool, TokenStream) {
    let mut tokens = arguments.clone().into_iter();
    match tokens.next() {
        Some(TokenTree::Ident(first)) if first == mark() => (true, tokens.skip(1).collect()),
        _ => (false, arguments),
    }
}
