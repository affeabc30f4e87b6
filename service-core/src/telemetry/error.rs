//! [`Error`]: why the logs could not be set up.

use std::fmt;

/// Why the logs could not be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The process already has a subscriber.
    AlreadyInitialised,
    /// A directive is invalid.
    BadDirective {
        /// The environment variable that contains it, or `the configuration`.
        from: String,
        /// The directive.
        directive: String,
        /// What is wrong with it.
        why: String,
    },
    /// The thread that writes could not be started.
    NoThread {
        /// Why not.
        error: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInitialised => f.write_str(
                "the logs of this process are set up already, by telemetry::init or by another subscriber of tracing; \
                 call telemetry::init once, at the beginning of main",
            ),
            Self::NoThread { error } => write!(f, "the thread that writes the logs could not be started: {error}"),
            Self::BadDirective { from, directive, why } => {
                write!(
                    f,
                    "{from} has the directive {directive:?}: {why}; write level or module=level, as in info,hyper=warn"
                )
            }
        }
    }
}

impl std::error::Error for Error {}
