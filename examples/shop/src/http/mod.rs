//! The door: JSON over HTTP.

mod body;
mod port;
mod problem;
mod routes;
mod server;

pub use port::Port;
pub use server::Server;
