#![doc = include_str!("../README.md")]

mod client_address;
mod extract;
pub mod middleware;
mod probes;
mod server;

pub use axum;
#[doc(no_inline)]
pub use tokio::net::ToSocketAddrs;

pub use client_address::ClientAddress;
pub use extract::{Svc, Unavailable};
#[doc(inline)]
pub use middleware::{RequestLog, Scope};
pub use probes::{probes, serve_probes};
pub use server::{Server, Stats};
