//! The proofs of service-http: a file per part, over real connections.

mod client;
mod graceful;
mod probes;
mod request_log;
mod scope;
mod svc;
mod web;
