//! A crate in which nothing is called `service_core`: it is `kernel` here, and `linking_facade::core`. What generated code
//! expects at `::service_core` in spite of `crate = path` does not compile in its tests.

pub use kernel;
pub use linking_facade as facade;
