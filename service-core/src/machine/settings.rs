//! [`Settings`]: the limits of one registry that the machine applies.

use std::time::Duration;

/// The limits of one registry that the machine applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How many services may start at once.
    pub concurrency: usize,
    pub boot_timeout: Option<Duration>,
    pub rollback_timeout: Duration,
    pub shutdown_timeout: Duration,
    /// How long the registry keeps serving after a shutdown was requested.
    pub lame_duck: Duration,
}
