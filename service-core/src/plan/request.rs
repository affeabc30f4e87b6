//! [`Wish`]: what the builder was asked for. It names services, and holds none.

use crate::base::Key;

/// What the builder was asked for; empty, everything that is not lazy is booted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// Boot these and what they require, and leave the rest out.
    pub only: Vec<Wanted>,
    /// Boot these too, even if they are lazy or off.
    pub with: Vec<Wanted>,
    /// What `.give(…)` handed over.
    pub supplied: Vec<Wanted>,
}

/// A service that the builder names.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub key: Key,
    /// What the user wrote, for messages.
    pub text: String,
}
