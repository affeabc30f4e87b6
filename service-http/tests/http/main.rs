//! Tests of service-http over real connections, one file per feature.

mod blocked_thread;
mod captured_log;
mod client;
mod handlers;
mod limits;
mod probes;
mod protocol;
mod request_log;
mod scope;
mod server;
mod shutdown;
mod svc;
mod web;
