//! Middleware for any server that is built on tower: a request log, and the registry that handlers run for.
//!
//! Both are layers. `RequestLog` and `Scope` are also at the root of the crate; the services that they create are named
//! only here.

mod request_log;
mod scope;
mod trace_parent;

pub use request_log::{RequestLog, RequestLogService};
pub use scope::{Scope, ScopeService};
