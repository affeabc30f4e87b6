//! Subjects that are wrong on purpose, to prove that the checks can fail.

use std::panic::resume_unwind;
use std::thread::{panicking, sleep};
use std::time::Duration;

use service_conformance::{Capability, Plan, Service, Subject, Value};
use tokio::task::JoinSet;

/// In which way a subject is wrong. It claims to offer everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Brings up what it is given in the order that it is given, hands out nothing, takes nothing back, goes down in the
    /// same order, and keeps its errors for itself.
    Careless,
    /// The same, all at once.
    Headlong,
    /// Runs nothing, and is content.
    Idle,
    /// As careless; and when something fails, takes down all that it was given, whether it had come up or not.
    Overdoing,
    /// Never comes up, and finds every plan unsound.
    Hanging,
    /// Panics when it is dropped.
    Brittle,
    /// Leaves tasks behind.
    Leaky,
    /// Blocks its thread.
    Blocking,
}

pub(crate) struct Up {
    services: Vec<(Service, Value)>,
    is_brittle: bool,
}

impl Drop for Up {
    fn drop(&mut self) {
        // A second panic on top of the first would end the process.
        if self.is_brittle && !panicking() {
            resume_unwind(Box::new("dropped"));
        }
    }
}

/// Runs all of it at once, to the first error; the rest goes on unwatched.
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

impl Subject for Wrong {
    type Up = Up;

    fn name(&self) -> String {
        format!("{self:?}")
    }

    fn lacks(&self, _: Capability) -> Option<&'static str> {
        None
    }

    async fn boot(&self, plan: &Plan) -> Result<Up, String> {
        let mut services = Vec::new();
        match self {
            Self::Careless | Self::Leaky | Self::Brittle => {
                for service in plan.services() {
                    services.push(init(service.clone()).await?);
                }
            }
            Self::Overdoing => {
                for service in plan.services() {
                    match init(service.clone()).await {
                        Ok(up) => services.push(up),
                        Err(error) => {
                            for service in plan.services() {
                                // Its errors are nobody's business.
                                let _ = service.shutdown().await;
                            }
                            return Err(error);
                        }
                    }
                }
            }
            Self::Headlong => services = at_once(plan.services().iter().cloned().map(init)).await?,
            Self::Idle => {}
            Self::Hanging => std::future::pending().await,
            Self::Blocking => sleep(Duration::from_secs(2)),
        }
        if *self == Self::Leaky {
            tokio::spawn(std::future::pending::<()>());
        }
        Ok(Up { services, is_brittle: *self == Self::Brittle })
    }

    async fn get(&self, up: &Up, service: &str) -> Result<Value, String> {
        let found = up.services.iter().find(|(known, _)| known.name() == service).or(up.services.first());
        found.map(|(_, value)| value.clone()).ok_or_else(|| "there is nothing".to_owned())
    }

    async fn shutdown(&self, up: &Up) -> Result<(), String> {
        let services = up.services.iter().map(|(service, _)| service.clone());
        if *self == Self::Headlong {
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
        if *self == Self::Hanging { Err(format!("{} services are too many", plan.services().len())) } else { Ok(()) }
    }
}
