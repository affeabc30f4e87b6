//! [`Options`]: the budgets and switches of one registry.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::machine::Settings;

/// The budgets and switches of one registry.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub boot_timeout: Option<Duration>,
    pub rollback_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub lame_duck: Duration,
    pub health_cache: Duration,
    pub concurrency: usize,
    pub cancel: Option<CancellationToken>,
    pub isolated: bool,
    pub deny_undeclared: bool,
    /// Whether a second signal exits the process.
    #[cfg(feature = "signals")]
    pub second_signal_exits: bool,
    /// Where, or by what, it was booted: for the error of a second boot.
    pub origin: String,
}

impl Options {
    /// The limits that the machine applies.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            concurrency: self.concurrency,
            boot_timeout: self.boot_timeout,
            rollback_timeout: self.rollback_timeout,
            shutdown_timeout: self.shutdown_timeout,
            lame_duck: self.lame_duck,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            boot_timeout: None,
            rollback_timeout: Duration::from_secs(25),
            shutdown_timeout: Duration::from_secs(25),
            lame_duck: Duration::ZERO,
            health_cache: Duration::ZERO,
            concurrency: usize::MAX,
            cancel: None,
            isolated: false,
            deny_undeclared: false,
            #[cfg(feature = "signals")]
            second_signal_exits: true,
            origin: String::new(),
        }
    }
}
