//! A crate without a dependency called `service_core`: it is `kernel`, or `linking_facade::core`. Its tests do not compile if
//! generated code uses `::service_core` despite `crate = path`.

pub use kernel;
pub use linking_facade as facade;
