//! Numbers in arguments: [`count`] and [`decimal`].

use proc_macro2::{Ident, Literal};
use syn::parse::ParseStream;
use syn::{Lit, LitInt, Result, Token};

use crate::mistakes::Mistakes;

/// Reads `= 3`, a number that is not zero. `zero` is what zero would mean.
pub(super) fn count(name: &Ident, zero: &str, input: ParseStream, mistakes: &mut Mistakes) -> Result<LitInt> {
    input.parse::<Token![=]>()?;
    let literal: LitInt = input.parse()?;
    if literal.base10_parse::<u32>()? == 0 {
        mistakes.at(&literal, format!("`{name}` is 0, and {zero}; write 1 or more"));
    }
    Ok(literal)
}

/// Reads `= 1.5`, a number that is at least `least`.
pub(super) fn decimal(name: &Ident, least: f64, input: ParseStream, mistakes: &mut Mistakes) -> Result<Literal> {
    input.parse::<Token![=]>()?;
    let literal: Lit = input.parse()?;
    let number: f64 = match &literal {
        Lit::Int(number) => number.base10_parse()?,
        Lit::Float(number) => number.base10_parse()?,
        other => return Err(syn::Error::new_spanned(other, "no number")),
    };
    if number < least || !number.is_finite() {
        mistakes.at(&literal, format!("`{name}` is {number}; write a number of {least} or more"));
    }
    Ok(Literal::f64_suffixed(if number.is_finite() { number } else { least }))
}
