//! The code that the benches share: graphs of services, and the measurement of times.

mod shape;
mod stopwatch;

pub use shape::Shape;
pub use stopwatch::{best_of, millis};
