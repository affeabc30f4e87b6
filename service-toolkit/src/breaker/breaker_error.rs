//! [`BreakerError`]: why a call through a breaker has no result.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The error of a call through a [`Breaker`](super::Breaker).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakerError<E> {
    /// The breaker refused the call.
    Open {
        /// The name of the breaker.
        breaker: Cow<'static, str>,
        /// After this time, a call may be admitted. It is also the longest time that a running probe may still take.
        retry_after: Duration,
    },
    /// The call ran and returned this error.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for BreakerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { breaker, retry_after } => {
                write!(
                    f,
                    "the circuit breaker {breaker} is open, so the call was refused; call again in {retry_after:?}"
                )
            }
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for BreakerError<E> {}
