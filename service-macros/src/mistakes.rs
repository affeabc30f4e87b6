//! [`Mistakes`]: everything that is wrong with one use of a macro, so that it can be said at once.

use std::thread;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects mistakes. Must be [read](Self::read), or a mistake would be silently dropped.
#[derive(Default)]
pub(crate) struct Mistakes {
    error: Option<Error>,
    read: bool,
}

impl Mistakes {
    /// Adds a mistake; the compiler will point at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, text: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, text));
    }

    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.error {
            Some(all) => all.combine(error),
            None => self.error = Some(error),
        }
    }

    /// Takes the value, or notes why there is none.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// The mistakes as compile errors; `None` if there are none.
    pub(crate) fn read(mut self) -> Option<TokenStream> {
        self.read = true;
        self.error.take().map(|error| error.into_compile_error())
    }
}

impl Drop for Mistakes {
    fn drop(&mut self) {
        assert!(self.read || thread::panicking(), "mistakes were collected and never read");
    }
}
