//! What watches over the rest.

mod monitor;

pub use monitor::Monitor;
