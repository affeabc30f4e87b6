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

use std::time::Duration;

mod config;
mod error;
mod fields;
mod filter;
mod journal;
mod line;
mod log_writer;
mod panic_hook;
mod subscriber;

pub use config::{Config, Format, Level};
pub use error::Error;
pub use subscriber::Here;

/// Sets up the logs of this process.
///
/// A thread of its own writes the records, so that a reader that stalls, or a disk that is slow, holds up nobody. At most 4 MiB of
/// records wait for it. Records beyond that are lost, and a record says how many. The end of a registry, the end of
/// [`launch`](crate::Registry::launch) and each record of the level error wait until everything before them is written, for a second
/// at most, and not at all while the writer is known to be stalled. A process that ends in another way may lose its last records.
///
/// With [`Format::Json`] and [`Format::KeyValue`], a panic is a record, with its `location`, `thread` and, if `RUST_BACKTRACE` is set,
/// `backtrace`. For that, this replaces the panic hook of the process: a program with a hook of its own sets it afterwards. And what the library would print to stderr is a record if the logs go there, so that each line has the format.
/// If stderr is connected to the journal of systemd, each record has its priority there.
///
/// # Errors
/// If the process already has a subscriber, a directive is invalid, or the thread cannot be started.
pub fn init(config: Config) -> Result<(), Error> {
    let targets = filter::targets(&config, |name| std::env::var_os(name))?;
    subscriber::everywhere(config, targets)
}

/// Waits until every record so far is written, but not longer than this. Returns whether all were. For a program that ends without
/// the end of a registry.
pub fn flush(time: Duration) -> bool {
    subscriber::flush(time)
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
