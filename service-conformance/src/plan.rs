//! [`Plan`]: what a subject is asked to boot.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::Service;
use crate::log::Log;
use crate::script::Script;

/// What a subject is asked to boot: services with scripted hooks, and budgets.
pub struct Plan {
    services: Vec<Service>,
    only: Option<String>,
    concurrency: Option<usize>,
    boot_timeout: Option<Duration>,
    shutdown_timeout: Option<Duration>,
    cancelled: watch::Sender<bool>,
    pub(crate) log: Log,
}

impl Plan {
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let log = Log::new();
        let services = scripts.into_iter().map(|script| Service::new(script, log.clone())).collect();
        Self {
            services,
            only: None,
            concurrency: None,
            boot_timeout: None,
            shutdown_timeout: None,
            cancelled: watch::Sender::new(false),
            log,
        }
    }

    pub(crate) fn with_only(mut self, service: &str) -> Self {
        self.only = Some(service.to_owned());
        self
    }

    pub(crate) fn with_concurrency(mut self, services: usize) -> Self {
        self.concurrency = Some(services);
        self
    }

    pub(crate) fn with_boot_timeout(mut self, time: Duration) -> Self {
        self.boot_timeout = Some(time);
        self
    }

    pub(crate) fn with_shutdown_timeout(mut self, time: Duration) -> Self {
        self.shutdown_timeout = Some(time);
        self
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// The services, in an order that means nothing.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The one service that is to be booted, with what it requires; `None` for all. Never set for a subject that lacks
    /// [`Capability::Subset`](crate::Capability::Subset).
    pub fn only(&self) -> Option<&str> {
        self.only.as_deref()
    }

    /// How many services may come up at once; `None` for all that can.
    pub fn concurrency(&self) -> Option<usize> {
        self.concurrency
    }

    /// The budget of the whole boot; `None` where the check does not care.
    pub fn boot_timeout(&self) -> Option<Duration> {
        self.boot_timeout
    }

    /// The budget of the whole shutdown; `None` where the check does not care.
    pub fn shutdown_timeout(&self) -> Option<Duration> {
        self.shutdown_timeout
    }

    /// Whether the boot is cancelled: before it begins, too.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Ends when the boot is cancelled, which may be never. The future may outlive the plan.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut cancelled = self.cancelled.subscribe();
        async move {
            if cancelled.wait_for(|is_cancelled| *is_cancelled).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { services, only, concurrency, boot_timeout, shutdown_timeout, .. } = self;
        f.debug_struct("Plan")
            .field("services", services)
            .field("only", only)
            .field("concurrency", concurrency)
            .field("boot_timeout", boot_timeout)
            .field("shutdown_timeout", shutdown_timeout)
            .finish_non_exhaustive()
    }
}
