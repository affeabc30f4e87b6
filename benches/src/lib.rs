//! What the benches share: the shapes of graphs, and how a time is taken and written.

mod shape;
mod stopwatch;

pub use shape::Shape;
pub use stopwatch::{best_of, millis};
