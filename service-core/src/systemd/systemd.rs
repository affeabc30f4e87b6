//! [`Systemd`]: the socket that is notified, and the time of the watchdog.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use super::channel::Channel;
use super::notifier::Notifier;
use super::status_tracker::{StatusTracker, TimeLimits};
use crate::plan::Plan;
use crate::shared::Options;

/// Notifies systemd of the state of a registry: for [`Builder::systemd`](crate::Builder::systemd). Feature `systemd`.
///
/// | when | message |
/// |---|---|
/// | during the boot, the shutdown and the rollback | `STATUS=` with the number of services, `EXTEND_TIMEOUT_USEC=` from the budgets |
/// | the boot has succeeded | `READY=1` |
/// | the shutdown or the rollback begins | `STOPPING=1`, with the reason in `STATUS=` |
/// | while [`liveness`](crate::Registry::liveness) is healthy | `WATCHDOG=1` twice in each `WATCHDOG_USEC` |
///
/// A message that cannot be sent is dropped. The first time, the registry emits
/// [`SystemdUnreachable`](crate::EventKind::SystemdUnreachable).
///
/// ```no_run
/// use service_core::{Registry, Result, Systemd};
///
/// # async fn example() -> Result<()> {
/// let registry = Registry::builder().signals(true).systemd(Systemd::from_env()).boot().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Systemd {
    address: Option<OsString>,
    watchdog: Option<Duration>,
    problem: Option<String>,
}

impl Systemd {
    /// Reads what systemd has set in the environment of this process: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    /// `WATCHDOG_PID`. Without `NOTIFY_SOCKET`, nothing is sent.
    pub fn from_env() -> Self {
        Self::read(|name| std::env::var_os(name), std::process::id())
    }

    /// Notifies the socket at this path, or the socket with this abstract name if it begins with `@`.
    pub fn at(address: impl Into<OsString>) -> Self {
        Self { address: Some(address.into()), ..Self::default() }
    }

    /// Sends `WATCHDOG=1` twice in this time.
    pub fn watchdog(mut self, time: Duration) -> Self {
        self.watchdog = Some(time).filter(|time| !time.is_zero());
        self
    }

    /// The notifier of a registry with this plan; `None` without a socket.
    pub(crate) fn notifier(&self, plan: &Plan, options: &Options) -> Option<Arc<Notifier>> {
        let channel = Channel::open(self.address.as_ref()?);
        let init = plan.services().iter().map(|it| (it.facts.name.clone(), it.facts.budgets.init)).collect();
        let tracker = StatusTracker::new(TimeLimits {
            init,
            rollback: options.rollback_timeout,
            lame_duck: options.lame_duck,
            shutdown: options.shutdown_timeout,
        });
        Some(Arc::new(Notifier::new(channel, self.watchdog, tracker, self.problem.clone())))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>, process: u32) -> Self {
        let Some(address) = variable("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Self::default();
        };
        let mut systemd = Self::at(address);
        // The environment may have been inherited from the process that the watchdog is for.
        let is_ours = variable("WATCHDOG_PID").is_none_or(|id| id == OsStr::new(&process.to_string()));
        if let Some(text) = variable("WATCHDOG_USEC").filter(|_| is_ours) {
            match text.to_str().and_then(|text| text.parse().ok()) {
                Some(micros) => systemd = systemd.watchdog(Duration::from_micros(micros)),
                None => {
                    systemd.problem = Some(format!("WATCHDOG_USEC is {text:?}, which is not a number of microseconds"));
                }
            }
        }
        systemd
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
