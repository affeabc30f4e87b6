//! [`Scenario`]: everything that happens in one simulated run of a registry, as plain data. Durations are whole
//! milliseconds, the resolution of tokio's clock.

mod behaviour;
mod injection;
mod restart_policy;
mod service_spec;
mod supervised_task;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use behaviour::{Behaviour, Outcome, PanicPayload};
pub use injection::{Action, Injection, Trigger};
pub use restart_policy::{RestartOn, RestartPolicy};
pub use service_spec::{BackgroundTask, Cleanup, Dependency, DependencyKind, ServiceSpec};
pub use supervised_task::{SupervisedTask, TaskRun};

/// What happens in one run of one registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The services. A service depends only on services with a smaller index.
    pub services: Vec<ServiceSpec>,
    /// The configuration of the registry.
    pub config: RegistryConfig,
    /// The action injected from outside, if any.
    pub injection: Option<Injection>,
    /// If set, one listener panics on every event whose number has this remainder modulo 3.
    pub listener_panics: Option<u64>,
    /// How long the registry stays up.
    pub uptime: u64,
    /// How the run ends, unless the injected action ends it earlier.
    pub teardown: Teardown,
}

/// The budgets and limits of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryConfig {
    /// The budget of the whole boot.
    pub boot_timeout: Option<u64>,
    /// The budget of the rollback.
    pub rollback_timeout: u64,
    /// The budget of the whole shutdown.
    pub shutdown_timeout: u64,
    /// The lame-duck delay.
    pub lame_duck: u64,
    /// How many services may start at the same time.
    pub concurrency: Option<usize>,
}

/// How a registry that is up is shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Teardown {
    /// One call of `shutdown()`.
    Shutdown,
    /// Two concurrent calls of `shutdown()`.
    ConcurrentShutdowns,
    /// `request_shutdown()`, then `stopped()`.
    RequestShutdown,
    /// Cancellation of the registry's token.
    Cancel,
    /// All handles are dropped.
    Drop,
}

/// A number of milliseconds as a duration.
pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Scenario {
    /// A scenario of these services without faults, with default budgets, that is shut down after one second.
    pub fn of(services: Vec<ServiceSpec>) -> Self {
        Self {
            services,
            config: RegistryConfig {
                boot_timeout: None,
                rollback_timeout: 25_000,
                shutdown_timeout: 25_000,
                lame_duck: 0,
                concurrency: None,
            },
            injection: None,
            listener_panics: None,
            uptime: 1_000,
            teardown: Teardown::Shutdown,
        }
    }

    /// The name of the service with this index. Names do not sort like indices, so that no order is right by accident.
    pub fn name(service: usize) -> String {
        format!("s{}", (service * 7_919) % 10_007)
    }

    /// The index of the service with this name.
    pub fn index(name: &str) -> usize {
        // 7,919 × 8,967 = 1 modulo 10,007.
        name[1..].parse::<usize>().map_or(usize::MAX, |number| number * 8_967 % 10_007)
    }

    /// Whether any service can have more than one incarnation.
    pub fn has_restarts(&self) -> bool {
        self.services.iter().any(|spec| spec.restart.is_some())
    }

    /// For each service, whether a boot starts it: a service that is not lazy, or that a booted service requires.
    pub fn eager(&self) -> Vec<bool> {
        let mut eager: Vec<_> = self.services.iter().map(|spec| !spec.lazy).collect();
        for service in (0..self.services.len()).rev() {
            if eager[service] {
                for dependency in self.services[service].required() {
                    eager[dependency] = true;
                }
            }
        }
        eager
    }

    /// Whether a service can hold the instance of another one: every kind of dependency but `after` gives access to it.
    pub fn holds_instance(&self, service: usize, on: usize) -> bool {
        let mut dependencies = self.services[service].dependencies.iter();
        dependencies.any(|dependency| dependency.on == on && dependency.kind != DependencyKind::After)
    }

    /// For each service, the services that depend on it, ascending.
    pub fn dependants(&self) -> Vec<Vec<usize>> {
        let mut dependants = vec![Vec::new(); self.services.len()];
        for (service, spec) in self.services.iter().enumerate() {
            spec.dependencies.iter().for_each(|dependency| dependants[dependency.on].push(service));
        }
        dependants
    }
}

/// As JSON, one service a line, so that it can be recorded as a regression.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |value: &dyn Fn() -> serde_json::Result<String>| value().map_err(|_| fmt::Error);
        let Self { services, config, injection, listener_panics, uptime, teardown } = self;
        let lines = services.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        writeln!(f, "{{\"services\": [\n{}\n],", lines.map_err(|_| fmt::Error)?.join(",\n"))?;
        writeln!(f, "\"config\": {},", json(&|| serde_json::to_string(config))?)?;
        writeln!(f, "\"injection\": {},", json(&|| serde_json::to_string(injection))?)?;
        writeln!(f, "\"listener_panics\": {},", json(&|| serde_json::to_string(listener_panics))?)?;
        write!(f, "\"uptime\": {uptime}, \"teardown\": {}}}", json(&|| serde_json::to_string(teardown))?)
    }
}
