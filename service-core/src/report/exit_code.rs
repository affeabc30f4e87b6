//! The exit codes of a process that boots and runs a registry, and the error that stands for a bad configuration.

use std::error::Error;
use std::fmt;
use std::iter;

use super::boot_error::{BootError, BootFailure};
use super::run_error::RunError;
use crate::base::{BoxError, Failure, ShutdownReason};

pub(crate) const BOOT_FAILED: u8 = 1;
pub(crate) const SHUTDOWN_FAILED: u8 = 2;
const STOPPED_DURING_BOOT: u8 = 4;
/// `EX_CONFIG` of sysexits.h, which service managers know.
const BAD_CONFIGURATION: u8 = 78;

/// How many sources of an error are searched. A chain may be endless: an error may be its own source.
const MAX_SOURCES: usize = 32;

/// A mistake in the configuration of the program: to start it again does not help. A hook returns it, alone or as the source
/// of another error, and the process exits with 78, for which a service manager can be told not to restart it.
///
/// It displays as the error that it contains.
///
/// ```
/// use service_core::error::BadConfiguration;
/// use service_core::{Context, Lifecycle, Result, service};
///
/// #[service]
/// struct Web;
///
/// impl Lifecycle for Web {
///     async fn init(_cx: &Context<Self>) -> Result<Self> {
///         let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
///         let _port: u16 = port.parse().map_err(|error| BadConfiguration::new(format!("PORT is {port:?}: {error}")))?;
///         Ok(Self)
///     }
/// }
/// ```
pub struct BadConfiguration(BoxError);

impl BadConfiguration {
    /// The exit code: 78, which is `EX_CONFIG` of sysexits.h. For a program that reads its configuration before it has a registry.
    pub const EXIT_CODE: u8 = BAD_CONFIGURATION;

    /// Says what is wrong, as text or as another error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for BadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for BadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for BadConfiguration {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl BootError {
    /// The exit code with which [`launch`](crate::Registry::launch) ends a process after this error:
    ///
    /// | code | when |
    /// |---|---|
    /// | 4 | a signal or the program stopped the boot, and the rollback is clean |
    /// | 78 | a service failed with a [`BadConfiguration`] |
    /// | 1 | otherwise |
    pub fn exit_code(&self) -> u8 {
        if self.failures().iter().any(is_of_the_configuration) {
            BAD_CONFIGURATION
        } else if self.is_a_stop() {
            STOPPED_DURING_BOOT
        } else {
            BOOT_FAILED
        }
    }

    fn is_a_stop(&self) -> bool {
        let is_wanted = match self.failure() {
            BootFailure::ShutDown(reason) => !matches!(reason, ShutdownReason::Failed(_) | ShutdownReason::BootFailed),
            BootFailure::Cancelled => true,
            _ => false,
        };
        is_wanted && self.rollback().is_none_or(|rollback| rollback.is_clean())
    }
}

impl RunError {
    /// The exit code with which a process ends after this error: 2 after an unclean shutdown, 1 if it cannot listen for signals.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Signals(_) => BOOT_FAILED,
            Self::Shutdown(_) => SHUTDOWN_FAILED,
        }
    }
}

fn is_of_the_configuration(failure: &Failure) -> bool {
    let sources = iter::successors(failure.source(), |error| (*error).source());
    sources.take(MAX_SOURCES).any(|error| error.is::<BadConfiguration>())
}
