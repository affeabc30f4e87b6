//! [`HealthMonitor`]: checks all services every 30 seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Lifecycle, Registry, Result, service};

#[service]
pub(crate) struct HealthMonitor {
    cx: Context<Self>,
    checks: AtomicU32,
}

impl Lifecycle for HealthMonitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), checks: AtomicU32::new(0) })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("health monitor stops");
        Ok(())
    }
}

impl HealthMonitor {
    pub(crate) fn begin(self: &Arc<Self>) {
        let monitor = self.clone();
        self.cx.tasks().periodic("health", Duration::from_secs(30), move || monitor.clone().check());
    }

    async fn check(self: Arc<Self>) {
        if let Some(registry) = Registry::current() {
            println!("health: {}", registry.health().await.health());
            self.checks.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn checks(&self) -> u32 {
        self.checks.load(Ordering::Relaxed)
    }
}
