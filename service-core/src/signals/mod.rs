//! Listens for SIGTERM and ctrl-c, and restores their previous actions.

mod disposition;
mod signals;

pub(crate) use signals::Signals;
