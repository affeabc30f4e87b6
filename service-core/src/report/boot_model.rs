//! [`BootModel`]: a boot as a network of tasks, each with its own time, as in the critical path method. Slack and what-if are
//! computed from it. It knows no limit of `concurrency`: a service starts when its last dependency has ended.

use std::collections::HashMap;
use std::time::Duration;

use super::boot_report::BootReport;

/// The services of a report, in the plan's order: a service comes after its dependencies.
pub(super) struct BootModel {
    /// `None` for a service that was no part of the boot. It takes no time, and its dependants wait for what it waits for.
    pub(super) own: Vec<Option<Duration>>,
    /// The dependencies of each service.
    pub(super) below: Vec<Vec<usize>>,
}

impl BootReport {
    pub(super) fn model(&self) -> BootModel {
        let index: HashMap<&str, usize> = self.services.iter().map(|it| it.name.as_str()).zip(0..).collect();
        let own = self.services.iter().map(|it| it.is_of_boot(self.total).then_some(it.own));
        let below = self.services.iter().enumerate().map(|(at, it)| {
            let below = it.dependencies.iter().filter_map(|name| index.get(name.as_str()).copied());
            below.filter(|&below| below < at).collect()
        });
        BootModel { own: own.collect(), below: below.collect() }
    }
}

impl BootModel {
    /// When each service ends.
    fn ends(&self) -> Vec<Duration> {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.own.len());
        for (own, below) in self.own.iter().zip(&self.below) {
            let begin = below.iter().map(|&below| ends[below]).max().unwrap_or_default();
            ends.push(begin.saturating_add(own.unwrap_or_default()));
        }
        ends
    }

    /// The length of the longest chain below each service.
    pub(super) fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.below.len());
        for below in &self.below {
            depths.push(below.iter().map(|&below| depths[below] + 1).max().unwrap_or(0));
        }
        depths
    }

    /// How long the boot takes: as long as the longest path.
    pub(super) fn total(&self) -> Duration {
        let ends = self.ends();
        let of_boot = ends.into_iter().zip(&self.own).filter(|(_, own)| own.is_some());
        of_boot.map(|(end, _)| end).max().unwrap_or_default()
    }

    /// How much longer each service may take without a longer boot.
    pub(super) fn slack(&self) -> Vec<Option<Duration>> {
        let (ends, total) = (self.ends(), self.total());
        // The longest path from the end of each service to the end of the boot.
        let mut after = vec![Duration::ZERO; self.own.len()];
        for at in (0..self.own.len()).rev() {
            let with_own = after[at] + self.own[at].unwrap_or_default();
            for &below in &self.below[at] {
                after[below] = after[below].max(with_own);
            }
        }
        let slack = |at: usize| self.own[at].map(|_| total.saturating_sub(ends[at]).saturating_sub(after[at]));
        (0..self.own.len()).map(slack).collect()
    }
}
