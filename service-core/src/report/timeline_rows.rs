//! The rows of a [`Timeline`]: those of a boot and those of a shutdown.

use std::collections::HashSet;
use std::time::Duration;

use super::boot_report::{BootReport, ServiceReport};
use super::shutdown_report::{ServiceShutdown, ShutdownReport};
use super::timeline::{Bar, Row, Timeline};
use crate::base::{State, StopOutcome, lasted};

const BOOT: [(Bar, &str); 3] =
    [(Bar::Own, "own time"), (Bar::Waits, "waits for dependencies"), (Bar::WaitsForSlot, "waits for a slot")];
const SHUTDOWN: [(Bar, &str); 3] =
    [(Bar::Own, "own time"), (Bar::Waits, "waits for dependants"), (Bar::Drains, "drains calls and tasks")];

impl BootReport {
    /// The boot as one bar for each service: when it waited, for what, and its own time. A service that started after the boot is
    /// counted in a note.
    pub fn timeline(&self) -> Timeline {
        let started = self.services.iter().filter(|service| service.eager);
        let (all, total) = (started.clone().count(), lasted(self.total));
        let ready = started.filter(|service| service.state == State::Ready).count();
        let title = format!("boot: {ready} of {all} services ready in {total:?}");
        let shown = |service: &&ServiceReport| service.is_of_boot(self.total) || service.is_down();
        let path: HashSet<&str> = self.critical_path.iter().map(String::as_str).collect();
        let rows = self.services.iter().filter(shown).map(|service| self.row(service, path.contains(&*service.name)));
        let mut timeline = Timeline::new(title, self.total, rows.collect(), &BOOT);
        let later = self.services.iter().filter(|it| it.began.is_some() && !it.is_of_boot(self.total) && !it.is_down());
        match later.count() {
            0 => {}
            1 => timeline.notes.push("1 service started later or again".to_owned()),
            many => timeline.notes.push(format!("{many} services started later or again")),
        }
        timeline
    }

    fn row(&self, service: &ServiceReport, is_marked: bool) -> Row {
        let mut bars = Vec::new();
        if let Some(began) = service.began.filter(|_| service.is_of_boot(self.total)) {
            let queued = began.saturating_sub(service.waited_for_slot);
            bars.push((Bar::Waits, began.saturating_sub(service.waited), queued));
            bars.push((Bar::WaitsForSlot, queued, began));
            bars.push((Bar::Own, began, began + service.own));
        }
        let state = match service.state {
            State::Failed | State::Blocked => service.state.to_string(),
            State::Starting => "starts".to_owned(),
            _ => String::new(),
        };
        let attempts = if service.attempts > 1 { format!("×{}", service.attempts) } else { String::new() };
        let degraded = if service.missing.is_empty() { "" } else { "degraded" };
        let note = [&*state, &*attempts, degraded].map(str::to_owned).into_iter().filter(|word| !word.is_empty());
        Row {
            name: service.name.clone(),
            is_marked,
            has_failed: service.is_down(),
            bars,
            own: service.own,
            note: note.collect::<Vec<_>>().join(" "),
        }
    }
}

impl ServiceReport {
    fn is_down(&self) -> bool {
        matches!(self.state, State::Failed | State::Blocked)
    }
}

impl ShutdownReport {
    /// The shutdown as one bar for each service: when it waited for its dependants, drained, and its own time.
    pub fn timeline(&self) -> Timeline {
        let clean = self.services.iter().filter(|service| service.outcome.is_clean()).count();
        let (all, total) = (self.services.len(), lasted(self.total));
        let title = format!("shutdown: {clean} of {all} services stopped cleanly in {total:?}");
        let row = |service: &ServiceShutdown| {
            let drained = service.waited + service.drain;
            Row {
                name: service.name.clone(),
                is_marked: false,
                has_failed: !service.outcome.is_clean(),
                bars: vec![
                    (Bar::Waits, Duration::ZERO, service.waited),
                    (Bar::Drains, service.waited, drained),
                    (Bar::Own, drained, drained + service.own),
                ],
                own: service.own,
                note: match (&service.outcome, service.was_ready) {
                    (StopOutcome::Failed(_), _) => "failed".to_owned(),
                    (StopOutcome::Abandoned(_), _) => "abandoned".to_owned(),
                    (_, false) => "unwound".to_owned(),
                    _ => String::new(),
                },
            }
        };
        Timeline::new(title, self.total, self.services.iter().map(row).collect(), &SHUTDOWN)
    }
}
