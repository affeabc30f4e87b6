//! [`read`]: the list of arguments in an attribute, whatever it is that they mean.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Result, Token};

use crate::mistakes::Mistakes;
use crate::nearest::nearest;

/// An argument that an attribute knows: its name, and how it is written, as the end of a sentence.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) form: &'static str,
    pub(crate) repeats: bool,
}

pub(crate) const fn once(name: &'static str, form: &'static str) -> Known {
    Known { name, form, repeats: false }
}

pub(crate) const fn repeated(name: &'static str, form: &'static str) -> Known {
    Known { name, form, repeats: true }
}

/// Reads one argument after the other and hands each value to `take`, whose `Err` means that it did not parse; what it
/// parses and does not like, it notes itself. Then on from the next comma, so that one mistake hides no other.
pub(crate) fn read(
    attribute: &str,
    known: &[Known],
    tokens: TokenStream,
    mistakes: &mut Mistakes,
    mut take: impl FnMut(&Ident, ParseStream, &mut Mistakes) -> Result<()>,
) {
    let parsed = (|input: ParseStream| {
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            if let Err(error) = argument(attribute, known, input, &mut seen, mistakes, &mut take) {
                mistakes.add(error);
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(tokens);
    mistakes.note(parsed);
}

fn argument(
    attribute: &str,
    known: &[Known],
    input: ParseStream,
    seen: &mut Vec<Ident>,
    mistakes: &mut Mistakes,
    take: &mut impl FnMut(&Ident, ParseStream, &mut Mistakes) -> Result<()>,
) -> Result<()> {
    let name = Ident::parse_any(input).map_err(|error| {
        Error::new(error.span(), format!("{attribute} takes arguments by name; write one of {}", list(known)))
    })?;
    let Some(known) = known.iter().find(|known| name == known.name) else {
        return Err(unknown(attribute, known, &name));
    };
    if seen.contains(&name) && !known.repeats {
        return Err(Error::new(name.span(), format!("`{name}` is written twice; keep one of them")));
    }
    seen.push(name.clone());
    let taken = take(&name, input, mistakes);
    let at = taken.map_or_else(|error| Some(error.span()), |()| leftover(input));
    match at {
        None => Ok(()),
        // The parser's own words ("expected square brackets") name nothing that the user knows.
        Some(span) => Err(Error::new(span, format!("`{name}` is written {}", known.form))),
    }
}

/// Where the argument goes on although its value is read.
fn leftover(input: ParseStream) -> Option<Span> {
    (!input.is_empty() && !input.peek(Token![,])).then(|| input.span())
}

fn unknown(attribute: &str, known: &[Known], name: &Ident) -> Error {
    let meant = nearest(&name.unraw().to_string(), known.iter().map(|known| known.name));
    let text = match meant {
        Some(meant) => format!("{attribute} has no argument `{name}`; did you mean `{meant}`"),
        None => format!("{attribute} has no argument `{name}`; write one of {}", list(known)),
    };
    Error::new(name.span(), text)
}

fn list(known: &[Known]) -> String {
    known.iter().map(|known| format!("`{}`", known.name)).collect::<Vec<_>>().join(", ")
}

fn skip_to_comma(input: ParseStream) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
