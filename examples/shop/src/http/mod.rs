//! The HTTP interface, in JSON.

mod body;
mod port;
mod probes;
mod problem;
mod routes;
mod server;

pub use port::Port;
pub use probes::Probes;
pub use server::Server;
