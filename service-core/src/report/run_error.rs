//! [`RunError`]: why `run` failed.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::shutdown_error::ShutdownError;

/// Why [`Registry::run`](crate::Registry::run) failed.
#[derive(Clone)]
#[non_exhaustive]
pub enum RunError {
    /// The signals could not be listened for.
    Signals(Arc<io::Error>),
    /// The shutdown was not clean.
    Shutdown(ShutdownError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signals(error) => write!(f, "cannot listen for SIGTERM and ctrl-c: {error}"),
            Self::Shutdown(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Signals(error) => Some(&**error),
            Self::Shutdown(error) => Some(error),
        }
    }
}

impl From<ShutdownError> for RunError {
    fn from(error: ShutdownError) -> Self {
        Self::Shutdown(error)
    }
}
