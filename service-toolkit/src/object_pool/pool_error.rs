//! [`PoolError`]: why a pool has returned no object.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why an [`ObjectPool`](super::ObjectPool) has returned no object.
#[derive(Debug)]
#[non_exhaustive]
pub enum PoolError {
    /// There was no object within the timeout.
    #[non_exhaustive]
    TimedOut {
        /// The name of the pool.
        pool: Cow<'static, str>,
        /// The timeout.
        limit: Duration,
        /// Whether the caller waited for an object that others used. Otherwise an object was being made or checked for it, or could
        /// not be made yet, because too many were being closed.
        waited: bool,
        /// How many objects the pool has at most.
        max: usize,
    },
    /// The maker failed or panicked.
    #[non_exhaustive]
    Make {
        /// The name of the pool.
        pool: Cow<'static, str>,
        /// The error of the maker, or the message of its panic.
        error: Box<dyn Error + Send + Sync>,
    },
    /// The service of the pool has stopped.
    #[non_exhaustive]
    Closed {
        /// The name of the pool.
        pool: Cow<'static, str>,
    },
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { pool, limit, waited: true, max } => write!(
                f,
                "the pool {pool} had no free object within {limit:?}, because all {max} were in use; \
                 return them earlier, or allow more"
            ),
            Self::TimedOut { pool, limit, .. } => {
                write!(f, "the pool {pool} had no object within {limit:?}, because one was still being made or checked")
            }
            Self::Make { pool, error } => write!(f, "the pool {pool} could not make an object: {error}"),
            Self::Closed { pool } => write!(f, "the pool {pool} is closed, because its service has stopped"),
        }
    }
}

impl Error for PoolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Make { error, .. } => Some(&**error),
            Self::TimedOut { .. } | Self::Closed { .. } => None,
        }
    }
}
