//! [`Request`]: the services that the user named on the builder.

use crate::base::Key;

/// The services that the user named on the builder. If empty, a boot starts every service that is not lazy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// `.only(…)`: these and what they require, and nothing else.
    pub only: Vec<Requested>,
    /// `.with(…)`: these too, even if they are lazy or disabled.
    pub with: Vec<Requested>,
    /// `.give(…)`: these have a supplied value.
    pub supplied: Vec<Requested>,
}

/// A service that the user named.
#[derive(Clone, Debug)]
pub(crate) struct Requested {
    pub key: Key,
    /// What the user wrote, for messages.
    pub text: String,
}
