//! The door: JSON over HTTP.

mod port;
mod problem;
mod routes;
mod server;

pub use port::Port;
pub use server::Server;
