//! [`Systemd`]: which socket is notified, and how often the watchdog.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use super::account::{Account, Budgets};
use super::channel::Channel;
use super::notifier::Notifier;

use crate::plan::Plan;
use crate::shared::Options;

/// Tells systemd how a registry is: for [`Builder::systemd`](crate::Builder::systemd). Feature `systemd`.
///
/// | when | what |
/// |---|---|
/// | the boot goes on, and the shutdown or rollback | `STATUS=` with what is done and to do, `EXTEND_TIMEOUT_USEC=` from the budgets |
/// | booted | `READY=1` |
/// | going down | `STOPPING=1`, with the reason in `STATUS=` |
/// | while [`liveness`](crate::Registry::liveness) is healthy | `WATCHDOG=1` at half of `WATCHDOG_USEC` |
///
/// What can't be told hurts nobody; the first time, an event says so.
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
    /// As systemd has told this process: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. Where there is no
    /// `NOTIFY_SOCKET`, nothing is told to anybody.
    pub fn from_env() -> Self {
        Self::read(|name| std::env::var_os(name), std::process::id())
    }

    /// The socket at this path, or, if it begins with `@`, of this abstract name.
    pub fn at(address: impl Into<OsString>) -> Self {
        Self { address: Some(address.into()), ..Self::default() }
    }

    /// Says that it is alive every half of this time.
    pub fn watchdog(mut self, time: Duration) -> Self {
        self.watchdog = Some(time).filter(|time| !time.is_zero());
        self
    }

    /// What tells it of a registry with this plan; `None` where nobody listens.
    pub(crate) fn notifier(&self, plan: &Plan, options: &Options) -> Option<Arc<Notifier>> {
        let channel = Channel::open(self.address.as_ref()?);
        let init = plan.services().iter().map(|it| (it.facts.name.clone(), it.facts.budgets.init)).collect();
        let account = Account::new(Budgets {
            init,
            rollback: options.rollback_timeout,
            lame_duck: options.lame_duck,
            shutdown: options.shutdown_timeout,
        });
        Some(Arc::new(Notifier::new(channel, self.watchdog, account, self.problem.clone())))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>, process: u32) -> Self {
        let Some(address) = variable("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Self::default();
        };
        let mut systemd = Self::at(address);
        // A watchdog may be for another process, whose environment we got.
        let is_ours = variable("WATCHDOG_PID").is_none_or(|id| id == OsStr::new(&process.to_string()));
        if let Some(text) = variable("WATCHDOG_USEC").filter(|_| is_ours) {
            match text.to_str().and_then(|text| text.parse().ok()) {
                Some(micros) => systemd = systemd.watchdog(Duration::from_micros(micros)),
                None => {
                    systemd.problem = Some(format!("WATCHDOG_USEC is {text:?}, which is no number of microseconds"));
                }
            }
        }
        systemd
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
