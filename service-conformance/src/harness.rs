//! [`Harness`]: what a check drives a registry with.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::adapter::DynAdapter;
use crate::completion::{complete, complete_all};
use crate::{Plan, Value};

/// What a check drives a registry with. Each method returns an error, which fails the check, if the call hangs or panics,
/// or if its result is not the one that the method requires.
#[derive(Clone)]
pub(crate) struct Harness {
    adapter: Arc<dyn DynAdapter>,
}

/// A registry that is up.
pub(crate) struct RunningRegistry {
    inner: Box<dyn Any>,
}

/// Longer than everything that a check may leave running.
pub(crate) const SETTLE_TIME: Duration = Duration::from_secs(600);

impl Harness {
    pub(crate) fn new(adapter: Arc<dyn DynAdapter>) -> Self {
        Self { adapter }
    }

    /// Boots, and returns the registry or its error.
    pub(crate) async fn boot(&self, plan: &Plan) -> Result<Result<RunningRegistry, String>, String> {
        Ok(complete("boot", self.adapter.boot(plan)).await?.map(|inner| RunningRegistry { inner }))
    }

    /// Boots; the boot must succeed.
    pub(crate) async fn boot_ok(&self, plan: &Plan) -> Result<RunningRegistry, String> {
        self.boot(plan).await?.map_err(|error| format!("boot failed: {error}"))
    }

    /// Boots; the boot must fail. Returns the registry's error.
    pub(crate) async fn boot_err(&self, plan: &Plan) -> Result<String, String> {
        match self.boot(plan).await? {
            Ok(_) => Err(format!("boot succeeded: {}", plan.log)),
            Err(error) => Ok(error),
        }
    }

    /// Boots, drops the future of the boot if it has not ended after this time, and waits for what goes on after that.
    /// Returns whether the future was dropped.
    pub(crate) async fn drop_boot_after(&self, plan: &Plan, time: Duration) -> Result<bool, String> {
        let boot = timeout(time, self.boot(plan)).await;
        let was_dropped = boot.is_err();
        if let Ok(boot) = boot {
            let _registry = boot?;
        }
        sleep(SETTLE_TIME).await;
        Ok(was_dropped)
    }

    /// The value of a service.
    pub(crate) async fn get(&self, registry: &RunningRegistry, service: &str) -> Result<Result<Value, String>, String> {
        complete("get", self.adapter.get(&*registry.inner, service)).await
    }

    /// The value of a service, for each of several concurrent callers.
    pub(crate) async fn get_concurrently(
        &self,
        registry: &RunningRegistry,
        service: &str,
        callers: usize,
    ) -> Result<Vec<Value>, String> {
        let calls = (0..callers).map(|_| self.adapter.get(&*registry.inner, service)).collect();
        complete_all("get", calls).await?.into_iter().collect()
    }

    /// Shuts down, and returns the registry's result.
    pub(crate) async fn shutdown(&self, registry: &RunningRegistry) -> Result<Result<(), String>, String> {
        complete("shutdown", self.adapter.shutdown(&*registry.inner)).await
    }

    /// Shuts down; the shutdown must succeed.
    pub(crate) async fn shutdown_ok(&self, registry: &RunningRegistry) -> Result<(), String> {
        self.shutdown(registry).await?.map_err(|error| format!("shutdown failed: {error}"))
    }

    /// Shuts down; the shutdown must fail. Returns the registry's error.
    pub(crate) async fn shutdown_err(&self, registry: &RunningRegistry) -> Result<String, String> {
        match self.shutdown(registry).await? {
            Ok(()) => Err("shutdown reported no error".to_owned()),
            Err(error) => Ok(error),
        }
    }

    /// Boots and shuts down; both must succeed.
    pub(crate) async fn boot_and_shutdown(&self, plan: &Plan) -> Result<(), String> {
        let registry = self.boot_ok(plan).await?;
        self.shutdown_ok(&registry).await
    }

    pub(crate) fn validate(&self, plan: &Plan) -> Result<(), String> {
        self.adapter.validate(plan)
    }
}
