#![doc = include_str!("../README.md")]

mod accept;
mod connection;
mod lingering;
mod panics;
mod patient;
mod probes;
mod queue;
mod request_log;
mod scope;
mod server;
mod svc;
mod turn;
mod unavailable;
mod watched;

pub use probes::{probes, serve_probes};
pub use request_log::{Logged, RequestLog};
pub use scope::{Scope, Scoped};
pub use server::Server;
pub use svc::Svc;
pub use unavailable::Unavailable;
