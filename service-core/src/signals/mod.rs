//! Listens for SIGTERM and ctrl-c, and restores their previous actions.

mod disposition;
pub(crate) mod signals;

pub(crate) use signals::Signals;
