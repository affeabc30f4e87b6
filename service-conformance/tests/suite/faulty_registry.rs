//! [`FaultyRegistry`]: registries with a known fault, which show that the checks can fail.

use std::panic::resume_unwind;
use std::thread::{panicking, sleep};
use std::time::Duration;

use service_conformance::{Adapter, Capability, Plan, Service, Value};
use tokio::task::JoinSet;

/// A registry with a known fault. It claims to have every capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultyRegistry {
    /// Starts the services in the order of the plan and stops them in the same order. It passes on no values, does not
    /// roll back, and hides errors.
    Sequential,
    /// The same, but starts and stops all services at the same time.
    Concurrent,
    /// Runs no hook, and reports success.
    NoOp,
    /// Like `Sequential`, but if a start fails it shuts down every service of the plan, ready or not.
    StopsEverything,
    /// Its boot never ends, and its validation rejects every plan.
    Hangs,
    /// Panics when it is dropped.
    PanicsOnDrop,
    /// Leaves a task running after the shutdown.
    LeaksTask,
    /// Blocks its thread.
    BlocksThread,
}

pub(crate) struct RunningRegistry {
    services: Vec<(Service, Value)>,
    panics_on_drop: bool,
}

impl Drop for RunningRegistry {
    fn drop(&mut self) {
        // A panic during a panic would abort the process.
        if self.panics_on_drop && !panicking() {
            resume_unwind(Box::new("dropped"));
        }
    }
}

/// Runs all hooks at the same time until the first error. The others continue in the background.
async fn at_once<T: Send + 'static>(
    hooks: impl IntoIterator<Item = impl Future<Output = Result<T, String>> + Send + 'static>,
) -> Result<Vec<T>, String> {
    let mut running: JoinSet<_> = hooks.into_iter().collect();
    let mut done = Vec::new();
    while let Some(joined) = running.join_next().await {
        match joined.map_err(|error| error.to_string()).and_then(|ended| ended) {
            Ok(value) => done.push(value),
            Err(error) => {
                running.detach_all();
                return Err(error);
            }
        }
    }
    Ok(done)
}

async fn init(service: Service) -> Result<(Service, Value), String> {
    let value = service.init(Vec::new()).await.map_err(|_| "something failed".to_owned())?;
    Ok((service, value))
}

impl Adapter for FaultyRegistry {
    type Registry = RunningRegistry;

    fn name(&self) -> String {
        format!("{self:?}")
    }

    fn unsupported(&self, _: Capability) -> Option<&'static str> {
        None
    }

    async fn boot(&self, plan: &Plan) -> Result<RunningRegistry, String> {
        let mut services = Vec::new();
        match self {
            Self::Sequential | Self::LeaksTask | Self::PanicsOnDrop => {
                for service in plan.services() {
                    services.push(init(service.clone()).await?);
                }
            }
            Self::StopsEverything => {
                for service in plan.services() {
                    match init(service.clone()).await {
                        Ok(started) => services.push(started),
                        Err(error) => {
                            for service in plan.services() {
                                // This fault hides errors.
                                let _ = service.shutdown().await;
                            }
                            return Err(error);
                        }
                    }
                }
            }
            Self::Concurrent => services = at_once(plan.services().iter().cloned().map(init)).await?,
            Self::NoOp => {}
            Self::Hangs => std::future::pending().await,
            Self::BlocksThread => sleep(Duration::from_secs(2)),
        }
        if *self == Self::LeaksTask {
            tokio::spawn(std::future::pending::<()>());
        }
        Ok(RunningRegistry { services, panics_on_drop: *self == Self::PanicsOnDrop })
    }

    async fn get(&self, registry: &RunningRegistry, service: &str) -> Result<Value, String> {
        let found = registry.services.iter().find(|(known, _)| known.name() == service).or(registry.services.first());
        found.map(|(_, value)| value.clone()).ok_or_else(|| "there is nothing".to_owned())
    }

    async fn shutdown(&self, registry: &RunningRegistry) -> Result<(), String> {
        let services = registry.services.iter().map(|(service, _)| service.clone());
        if *self == Self::Concurrent {
            let hooks = services.map(|it| async move { it.shutdown().await.map_err(|error| error.to_string()) });
            return at_once(hooks).await.map(drop);
        }
        for service in services {
            if service.shutdown().await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn validate(&self, plan: &Plan) -> Result<(), String> {
        if *self == Self::Hangs { Err(format!("{} services are too many", plan.services().len())) } else { Ok(()) }
    }
}
