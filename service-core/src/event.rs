//! Events: what happened in a registry, as types.
//!
//! [`Builder::on_event`](crate::Builder::on_event) subscribes to them, and [`Registry::events`](crate::Registry::events)
//! returns the latest ones.

pub use crate::report::event::{Event, EventKind};
