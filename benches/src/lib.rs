//! The code that the benches share: graphs of services, and the measurement of times and instructions.

mod instructions;
mod shape;
mod stopwatch;

pub use instructions::instructions;
pub use shape::Shape;
pub use stopwatch::{best_of, millis};
