//! [`ShutdownReason`]: why a registry shuts down.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Why a registry shuts down. Every hook can read it with `cx.reason()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownReason {
    /// The program called `shutdown()` or `request_shutdown(…)` with this text.
    Requested(Cow<'static, str>),
    /// A signal arrived, by its name: `SIGTERM`.
    Signal(&'static str),
    /// A ready service failed and is not restarted; the text of its failure.
    Failed(Arc<str>),
    /// The boot failed, so every service that had started is rolled back.
    BootFailed,
    /// The registry's token was cancelled, or every caller that waited for its boot has gone.
    Cancelled,
    /// The last handle of the registry was dropped.
    Dropped,
}

#[cfg(feature = "serde")]
impl ShutdownReason {
    /// The name of the variant in snake case.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Requested(_) => "requested",
            Self::Signal(_) => "signal",
            Self::Failed(_) => "failed",
            Self::BootFailed => "boot_failed",
            Self::Cancelled => "cancelled",
            Self::Dropped => "dropped",
        }
    }
}

impl fmt::Display for ShutdownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested(words) => f.write_str(words),
            Self::Signal(name) => write!(f, "{name} received"),
            Self::Failed(words) => f.write_str(words),
            Self::BootFailed => f.write_str("the boot failed"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Dropped => f.write_str("the registry was dropped"),
        }
    }
}

impl From<&'static str> for ShutdownReason {
    fn from(words: &'static str) -> Self {
        Self::Requested(Cow::Borrowed(words))
    }
}

impl From<String> for ShutdownReason {
    fn from(words: String) -> Self {
        Self::Requested(Cow::Owned(words))
    }
}
