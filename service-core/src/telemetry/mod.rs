//! Logs, set up with one call: which records are written, in what format, and where to.
//!
//! The registry itself only emits `tracing` events, for any subscriber. This module is a subscriber for programs that have
//! none of their own. It is the feature `telemetry`.
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
//! The directives in the environment variable `RUST_LOG` override the configuration: see [`Config::env`].

mod config;
mod error;
mod fields;
mod filter;
mod line;
mod subscriber;

pub use config::{Config, Format, Level};
pub use error::Error;
pub use subscriber::Here;

/// Sets up the logs of this process.
///
/// # Errors
/// If the process already has a subscriber, or a directive is invalid.
pub fn init(config: Config) -> Result<(), Error> {
    let targets = filter::targets(&config, |name| std::env::var_os(name))?;
    subscriber::everywhere(config, targets)
}

/// Sets up the logs of this thread alone, until the returned guard is dropped: for tests.
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
/// If a directive is invalid.
pub fn init_here(config: Config) -> Result<Here, Error> {
    let targets = filter::targets(&config, |name| std::env::var_os(name))?;
    Ok(subscriber::here(config, targets))
}
