//! Logs, set up in one call: which records are written, in what form, and where to.
//!
//! The registry itself only speaks through `tracing`, to whatever subscriber a program has; this is one for programs that
//! have none of their own. It is the feature `telemetry`.
//!
//! ```no_run
//! use service_core::telemetry::{self, Config, Format, Level};
//!
//! # fn main() -> Result<(), telemetry::Error> {
//! let config = Config::new("shop").module("shop::storage", Level::Debug).module("hyper", Level::Warn);
//! telemetry::init(config.format(Format::Json))?;
//! # Ok(())
//! # }
//! ```
//!
//! What is in the environment's `RUST_LOG` comes on top of that: see [`Config::env`].

mod config;
mod directives;
mod error;
mod fields;
mod line;
mod subscriber;

pub use config::{Config, Format, Level};
pub use error::Error;
pub use subscriber::Here;

/// Sets up the logs of this process, once and for all.
///
/// # Errors
/// If the process has a subscriber already, or a directive can't be read.
pub fn init(config: Config) -> Result<(), Error> {
    subscriber::everywhere(config.resolve(|name| std::env::var_os(name))?)
}

/// The same for this thread alone, until what it returns is dropped: for tests.
///
/// ```
/// use service_core::telemetry::{self, Config, Level};
///
/// # fn main() -> Result<(), telemetry::Error> {
/// let _here = telemetry::init_here(Config::new("test").level(Level::Debug))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a directive can't be read.
pub fn init_here(config: Config) -> Result<Here, Error> {
    Ok(subscriber::here(config.resolve(|name| std::env::var_os(name))?))
}
