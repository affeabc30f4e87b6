//! [`Health`]: what a service says about itself.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::base::json::{object, or_null, quoted};
use crate::base::lasted;

/// What a service says about itself. Ordered from best to worst, so the worst of several is their maximum.
///
/// ```
/// use service_core::Health;
///
/// assert!(Health::Healthy < Health::degraded("slow"));
/// assert_eq!(Health::from_result(Err::<(), _>("gone")).to_string(), "unhealthy: gone");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All is well.
    Healthy,
    /// It works, but not as it should; why.
    Degraded(Cow<'static, str>),
    /// It does not work; why.
    Unhealthy(Cow<'static, str>),
}

impl Health {
    /// It works, but not as it should.
    pub fn degraded(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Degraded(why.into())
    }

    /// It does not work.
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

    /// Why it is not healthy.
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
        object(&[("status", quoted(self.status())), ("error", or_null(self.why()))])
    }

    /// Whether it works, degraded or not.
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

/// What one service said, and how long it took to say it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceHealth {
    /// The service's name.
    pub name: String,
    /// What it said.
    pub health: Health,
    /// How long its check took.
    pub latency: Duration,
    /// The groups it is in.
    pub tags: Vec<String>,
}

/// How all services are: the whole is as healthy as its worst part.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HealthReport {
    /// Service by service, in the plan's order.
    pub services: Vec<ServiceHealth>,
}

impl HealthReport {
    /// `{"status": …, "components": [{"name": …, "status": …, "latency_ms": …, "error": …}]}`
    pub fn to_json(&self) -> String {
        let components: Vec<_> = self.services.iter().map(ServiceHealth::to_json).collect();
        let status = quoted(self.health().status());
        object(&[("status", status), ("components", format!("[{}]", components.join(", ")))])
    }

    /// The worst of them; healthy when there is none.
    pub fn health(&self) -> Health {
        self.services.iter().map(|service| service.health.clone()).max().unwrap_or(Health::Healthy)
    }
}

impl ServiceHealth {
    fn to_json(&self) -> String {
        let fields = [
            ("name", quoted(&self.name)),
            ("status", quoted(self.health.status())),
            ("latency_ms", format!("{:.3}", self.latency.as_secs_f64() * 1e3)),
            ("error", or_null(self.health.why())),
        ];
        object(&fields)
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
