//! [`InjectedError`]: the error that a hook of a plan returns.

use std::error::Error;
use std::fmt;

/// The error that a hook of a plan returns. The registry's own error must contain its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedError {
    text: String,
}

impl InjectedError {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }
}

impl fmt::Display for InjectedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for InjectedError {}
