//! `#[guarded]`: read the arguments, find the methods they are for, see the shape of each, wrap its body. The snapshots in
//! `src/tests/snapshots` show what a method becomes.

mod arguments;
mod call;
mod future;
mod method;
mod output;
mod receiver;
mod target;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::core_path::CorePath;
use crate::mistakes::Mistakes;

pub(crate) use self::output::types;
#[cfg(feature = "toolkit")]
pub(crate) use self::output::{Inferred, Output};

use self::arguments::GuardedArguments;
use self::target::Target;

/// The user's method or impl block with guards; or as it was, and every mistake.
pub(crate) fn guarded(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = GuardedArguments::read(arguments, CorePath::default(), &mut mistakes);
    let target = Target::read(tokens, &mut mistakes);
    let guarded = target.guard(&arguments, &mut mistakes).into_token_stream();
    let errors = mistakes.read();
    quote!(#errors #guarded)
}
