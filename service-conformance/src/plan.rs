//! [`Plan`]: what an adapter boots.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::Service;
use crate::log::Log;
use crate::service_spec::ServiceSpec;

/// What an adapter boots: services whose hooks the suite wrote, and budgets.
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
    pub(crate) fn new(specs: impl IntoIterator<Item = ServiceSpec>) -> Self {
        let log = Log::new();
        let services = specs.into_iter().map(|spec| Service::new(spec, log.clone())).collect();
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

    /// The services, in an order without meaning.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The one service to boot, with the services that it requires; `None` for all services. Never set for a registry
    /// without [`Capability::Subset`](crate::Capability::Subset).
    pub fn only(&self) -> Option<&str> {
        self.only.as_deref()
    }

    /// How many services may start at the same time; `None` for no limit.
    pub fn concurrency(&self) -> Option<usize> {
        self.concurrency
    }

    /// The budget of the whole boot; `None` if the check does not set one.
    pub fn boot_timeout(&self) -> Option<Duration> {
        self.boot_timeout
    }

    /// The budget of the whole shutdown; `None` if the check does not set one.
    pub fn shutdown_timeout(&self) -> Option<Duration> {
        self.shutdown_timeout
    }

    /// Whether the boot is cancelled. It can be cancelled before it begins.
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
