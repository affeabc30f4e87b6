//! Services as arguments of handlers, and the response for a service that is not ready.

mod svc;
mod unavailable;

pub use svc::Svc;
pub use unavailable::Unavailable;
