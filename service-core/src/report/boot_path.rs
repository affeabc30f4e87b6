//! [`BootPath`]: the critical path of a boot with its times, and [`BootReport::what_if`].

use std::fmt;
use std::time::Duration;

use super::boot_model::BootModel;
use super::boot_report::BootReport;
use crate::base::{lasted, sort_by};

#[cfg(test)]
mod tests;

/// The critical path of a boot: the chain of services in which each started when the one before it had ended.
///
/// All times of all steps and `rest` add up to [`BootReport::total`]. On a real clock, `pause` and `rest` are the microseconds
/// of the registry and the runtime. A longer `pause` means that the service started late for another reason, such as a
/// restart, and a longer `rest` that the boot waited for a service that has been restarted since.
///
/// Displays as `Db 200ms → Cache 50ms`, with what is missing to the total: `, and 3ms between them`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootPath {
    /// The steps, first to last.
    pub steps: Vec<PathStep>,
    /// The time from the end of the last step to the end of the boot.
    pub rest: Duration,
}

/// One service of a [`BootPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathStep {
    /// The service's name.
    pub name: String,
    /// The time between the end of the step before it, or the begin of the boot, and its start.
    pub pause: Duration,
    /// How long its own `init`, `start` and first `health` took.
    pub own: Duration,
}

/// A change of the own time of a service, for [`BootReport::what_if`]: a factor, or a new time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Its own time, multiplied by this number; `0.5` is twice as fast. A number that is negative or not a number counts as 0.
    Factor(f64),
    /// Its new own time.
    Takes(Duration),
}

impl From<f64> for Change {
    fn from(factor: f64) -> Self {
        Self::Factor(factor)
    }
}

impl From<Duration> for Change {
    fn from(time: Duration) -> Self {
        Self::Takes(time)
    }
}

impl Change {
    fn apply(self, own: Duration) -> Duration {
        match self {
            Self::Takes(time) => time,
            Self::Factor(factor) => {
                Duration::try_from_secs_f64(own.as_secs_f64() * factor.max(0.0)).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// The services of a boot by their end, the last of them at the end of the list.
struct ByEnd<'a> {
    report: &'a BootReport,
    /// The length of the longest chain below each service: of several services that ended at one instant, the highest counts as
    /// the last.
    depths: Vec<usize>,
    sorted: Vec<usize>,
}

impl<'a> ByEnd<'a> {
    fn new(report: &'a BootReport, model: &BootModel) -> Self {
        let sorted = (0..model.own.len()).filter(|&at| model.own[at].is_some()).collect();
        let mut by_end = Self { report, depths: model.depths(), sorted };
        let mut sorted = std::mem::take(&mut by_end.sorted);
        sort_by(&mut sorted, |&a, &b| by_end.rank(a).cmp(&by_end.rank(b)));
        by_end.sorted = sorted;
        by_end
    }

    fn end(&self, service: usize) -> Duration {
        self.report.services[service].ended().unwrap_or_default()
    }

    fn rank(&self, service: usize) -> (Duration, usize, usize) {
        (self.end(service), self.depths[service], service)
    }

    /// The one of these that ended last.
    fn last_of(&self, services: impl Iterator<Item = usize>) -> Option<usize> {
        services.max_by_key(|&service| self.rank(service))
    }

    /// The one that ended last until this moment, which is never later than that of the call before.
    fn last_until(&mut self, moment: Duration, is_taken: &[bool]) -> Option<usize> {
        while let Some(&service) = self.sorted.last() {
            if self.end(service) <= moment && !is_taken[service] {
                return Some(service);
            }
            self.sorted.pop();
        }
        None
    }
}

impl BootReport {
    /// The critical path with its times. Also if the limit of `concurrency` was reached, the times add up to `total`: a service
    /// that waited for a place follows the service that left it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use service_core::{Definition, Registry};
    /// use tokio::time::sleep;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> service_core::Result<()> {
    /// let takes = |name: &str, millis| {
    ///     Definition::new(name).init(move |_| async move { Ok(sleep(Duration::from_millis(millis)).await) })
    /// };
    /// let (db, api) = (takes("db", 40), takes("api", 10).requires(["db"]));
    /// let builder = Registry::builder().isolated().define(db).define(takes("mail", 5)).define(api);
    /// let registry = builder.boot().await?;
    /// let path = registry.report().path();
    /// assert_eq!(path.to_string(), "db 40ms → api 10ms");
    /// assert_eq!(path.total(), registry.report().total);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(&self) -> BootPath {
        let indices = self.path_indices();
        let mut steps = Vec::with_capacity(indices.len());
        let mut now = Duration::ZERO;
        for service in indices {
            let service = &self.services[service];
            let began = service.began.unwrap_or_default();
            steps.push(PathStep { name: service.name.clone(), pause: began.saturating_sub(now), own: service.own });
            now = began + service.own;
        }
        BootPath { steps, rest: self.total.saturating_sub(now) }
    }

    /// How long the boot would have taken if one service had taken another time: `what_if("Db", 0.5)` if it were twice as fast,
    /// `what_if("Db", Duration::from_secs(2))` if it took two seconds. `None` if no service of this name was a part of the boot.
    ///
    /// It recomputes the longest path. Waits for a place under the limit of `concurrency`, and calls that are not declared, stay as
    /// they were.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Definition, Registry};
    /// # use tokio::time::sleep;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> service_core::Result<()> {
    /// # let takes = |name: &str, millis| {
    /// #     Definition::new(name).init(move |_| async move { Ok(sleep(Duration::from_millis(millis)).await) })
    /// # };
    /// let builder = Registry::builder().isolated().define(takes("db", 40)).define(takes("mail", 30));
    /// let registry = builder.boot().await?;
    /// // Twice as fast a database is worth 10 ms only, because the boot then waits for `mail`.
    /// assert_eq!(registry.report().what_if("db", 0.5), Some(Duration::from_millis(30)));
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn what_if(&self, service: &str, change: impl Into<Change>) -> Option<Duration> {
        let mut model = self.model();
        let at = self.services.iter().position(|it| it.name == service)?;
        let before = model.total();
        let own = model.own[at]?;
        model.own[at] = Some(change.into().apply(own));
        Some(self.total.saturating_sub(before).saturating_add(model.total()))
    }

    /// The critical path, first to last. It is found from its end: from the service that ended last, each time to the one whose
    /// end let it start.
    fn path_indices(&self) -> Vec<usize> {
        let model = self.model();
        let mut by_end = ByEnd::new(self, &model);
        // What each service is as a dependency: itself; or if it was no part of the boot, the last that it waited for.
        let mut stands_for: Vec<Option<usize>> = Vec::with_capacity(self.services.len());
        for (at, own) in model.own.iter().enumerate() {
            let last = by_end.last_of(model.below[at].iter().filter_map(|&below| stands_for[below]));
            stands_for.push(if own.is_some() { Some(at) } else { last });
        }
        let mut path = Vec::new();
        let mut is_taken = vec![false; self.services.len()];
        let mut next = by_end.last_until(Duration::MAX, &is_taken);
        while let Some(service) = next {
            is_taken[service] = true;
            path.push(service);
            let entry = &self.services[service];
            let began = entry.began.unwrap_or_default();
            let below = model.below[service].iter().filter_map(|&below| stands_for[below]);
            let below = below.filter(|&below| by_end.end(below) <= began && !is_taken[below]);
            let dependency = by_end.last_of(below);
            let has_ended = dependency.map(|it| by_end.end(it));
            let left_its_slot = match entry.waited_for_slot {
                Duration::ZERO => None,
                _ => by_end.last_until(began, &is_taken).filter(|&it| Some(by_end.end(it)) > has_ended),
            };
            next = left_its_slot.or(dependency);
        }
        path.reverse();
        path
    }
}

impl BootPath {
    /// All times together; it is [`BootReport::total`].
    pub fn total(&self) -> Duration {
        self.own() + self.between() + self.rest
    }

    /// The own times of its services together.
    pub fn own(&self) -> Duration {
        self.steps.iter().map(|step| step.own).sum()
    }

    fn between(&self) -> Duration {
        self.steps.iter().map(|step| step.pause).sum()
    }
}

impl fmt::Display for BootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            write!(f, "{}{} {:?}", if at == 0 { "" } else { " → " }, step.name, lasted(step.own))?;
        }
        match self.between() + self.rest {
            Duration::ZERO => Ok(()),
            rest => write!(f, ", and {:?} between them", lasted(rest)),
        }
    }
}
