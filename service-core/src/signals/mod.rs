//! SIGTERM and ctrl-c.

mod disposition;
pub(crate) mod signals;

pub(crate) use signals::Signals;
