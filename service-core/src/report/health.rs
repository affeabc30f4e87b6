//! [`Health`]: the health that a service reports.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::base::json::{Field, object};
use crate::base::lasted;

/// The health that a service reports. Ordered from best to worst, so the worst of several is their maximum.
///
/// ```
/// use service_core::Health;
///
/// assert!(Health::Healthy < Health::degraded("slow"));
/// assert_eq!(Health::from_result(Err::<(), _>("gone")).to_string(), "unhealthy: gone");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// The service works.
    Healthy,
    /// The service works with limits, for this reason.
    Degraded(Cow<'static, str>),
    /// The service does not work, for this reason.
    Unhealthy(Cow<'static, str>),
}

impl Health {
    /// The service works with limits.
    pub fn degraded(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Degraded(why.into())
    }

    /// The service does not work.
    pub fn unhealthy(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Unhealthy(why.into())
    }

    /// Healthy for `Ok`, unhealthy with the error's text for `Err`.
    pub fn from_result<T, E: fmt::Display>(result: Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Healthy,
            Err(error) => Self::Unhealthy(error.to_string().into()),
        }
    }

    /// `healthy`, `degraded` or `unhealthy`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded(_) => "degraded",
            Self::Unhealthy(_) => "unhealthy",
        }
    }

    /// The reason why it is degraded or unhealthy.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Healthy => None,
            Self::Degraded(why) | Self::Unhealthy(why) => Some(why),
        }
    }

    /// `{"status": …, "error": …}`
    ///
    /// ```
    /// use service_core::Health;
    ///
    /// assert_eq!(Health::degraded("slow").to_json(), r#"{"status": "degraded", "error": "slow"}"#);
    /// ```
    pub fn to_json(&self) -> String {
        object(&[("status", Field::Text(self.status())), ("error", self.why().into())])
    }

    /// Whether it is healthy or degraded.
    pub fn is_up(&self) -> bool {
        !matches!(self, Self::Unhealthy(_))
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status())?;
        match self.why() {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

/// The result of the health check of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceHealth {
    /// The service's name.
    pub name: String,
    /// The health it reported.
    pub health: Health,
    /// How long its check took.
    pub latency: Duration,
    /// Its tags.
    pub tags: Vec<String>,
}

/// The health of a registry: as healthy as its worst service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthReport {
    /// Service by service, in the plan's order.
    pub services: Vec<ServiceHealth>,
}

impl HealthReport {
    /// `{"status": …, "components": [{"name": …, "status": …, "latency_ms": …, "error": …}]}`
    pub fn to_json(&self) -> String {
        let components: Vec<_> = self.services.iter().map(ServiceHealth::to_json).collect();
        let components = format!("[{}]", components.join(", "));
        object(&[("status", Field::Text(self.health().status())), ("components", Field::Json(&components))])
    }

    /// The worst health of all services; healthy if there is none.
    pub fn health(&self) -> Health {
        self.services.iter().map(|service| service.health.clone()).max().unwrap_or(Health::Healthy)
    }
}

impl ServiceHealth {
    /// The latency in milliseconds, rounded to microseconds.
    pub(crate) fn latency_ms(&self) -> f64 {
        (self.latency.as_secs_f64() * 1e6).round() / 1e3
    }

    fn to_json(&self) -> String {
        object(&[
            ("name", Field::Text(&self.name)),
            ("status", Field::Text(self.health.status())),
            ("latency_ms", Field::Json(&format!("{:.3}", self.latency_ms()))),
            ("error", self.health.why().into()),
        ])
    }
}

impl fmt::Display for HealthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.health().status())?;
        for ServiceHealth { name, health, latency, .. } in &self.services {
            write!(f, "\n  {name}: {health} ({:?})", lasted(*latency))?;
        }
        Ok(())
    }
}
