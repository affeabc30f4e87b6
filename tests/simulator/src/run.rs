//! [`Run`]: one run of a scenario on tokio's paused clock, and everything that was observed during it.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Event, ShutdownError, ShutdownReport};
use tokio::runtime;
use tokio::time::{sleep, timeout};

use crate::boot_outcome::BootOutcome;
use crate::driver::{Driven, drive};
use crate::event_listener::EventListener;
use crate::failure::silence_panics;
use crate::harness::Harness;
use crate::scenario::{Scenario, Trigger, ms};
use crate::trace::TraceEntry;

/// No run lasts this long, unless something waits for an event that never happens.
const FOREVER: Duration = Duration::from_secs(86_400 * 30);

/// Everything that was observed during one run.
#[derive(Debug)]
pub struct Run {
    /// What the hooks did.
    pub trace: Vec<TraceEntry>,
    /// The events that the listener received.
    pub events: Vec<Event>,
    /// How the boot ended.
    pub boot: BootOutcome,
    /// When the boot ended.
    pub booted_at: Duration,
    /// What each caller that waited for the shutdown received.
    pub shutdowns: Vec<Result<ShutdownReport, ShutdownError>>,
    /// How many tasks were alive when the last of these callers returned.
    pub tasks_left: usize,
    /// The violations that the hooks, the listener and the driver saw themselves.
    pub violations: Vec<String>,
}

impl Run {
    /// Runs a scenario on a runtime of its own.
    ///
    /// # Panics
    /// If the runtime cannot be built, or something panics that the scenario does not inject.
    pub fn of(scenario: &Scenario) -> Self {
        silence_panics(|| {
            let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.expect("a runtime").block_on(run(scenario))
        })
    }

    /// Everything that was observed, as text. Two runs of one scenario have the same log.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for TraceEntry { at, service, hook, event } in &self.trace {
            log.push_str(&format!("{at:?}: {hook:?} of {service} {event:?}\n"));
        }
        for event in &self.events {
            let service = event.kind.service().map(Scenario::index);
            log.push_str(&format!("{:?}: event {} of {service:?}: {:?}\n", event.at, event.number, event.kind));
        }
        log.push_str(&format!("boot ended at {:?}: {:?}\n", self.booted_at, self.boot));
        log.push_str(&format!("shutdown: {:?}\nviolations: {:?}\n", self.shutdowns, self.violations));
        log
    }
}

async fn run(scenario: &Scenario) -> Run {
    let harness = Harness::new(scenario.services.len());
    let listener = EventListener::new(scenario, &harness);
    if let Some(injection) = scenario.injection
        && let Trigger::Step(step) = injection.trigger
    {
        let harness = harness.clone();
        let trace = harness.trace.clone();
        trace.on_step(step, move || harness.inject(injection.action));
    }
    let driven = timeout(FOREVER, drive(scenario, &harness, &listener)).await;
    let Driven { boot, booted_at, shutdowns, tasks_left } = driven.unwrap_or_else(|_| {
        harness.trace.report_violation("the run hangs".to_owned());
        Driven { boot: BootOutcome::Dropped, booted_at: FOREVER, shutdowns: Vec::new(), tasks_left: 0 }
    });
    let recorded = harness.trace.len();
    sleep(ms(600_000)).await;
    if harness.trace.len() > recorded {
        harness.trace.report_violation("a hook ran after the end of the run".to_owned());
    }
    let events = listener.take();
    drop(listener);
    let (trace, mut violations) = harness.trace.take();
    // Every hook and every listener holds a reference to the harness, and the registry holds the hooks and listeners.
    if Arc::strong_count(&harness) > 1 {
        violations.push("a part of the registry outlives it".to_owned());
    }
    Run { trace, events, boot, booted_at, shutdowns, tasks_left, violations }
}
