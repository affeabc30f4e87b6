//! [`Life`]: one life of one registry, lived by a script under a paused clock, and what was seen of it.

use std::sync::Arc;
use std::time::Duration;

use service_core::{BootError, BootReport, Event, ShutdownError, ShutdownReport};
use tokio::runtime;
use tokio::time::{sleep, timeout};

use crate::hush::hush;
use crate::lifetime::lifetime;
use crate::script::{Moment, Script};
use crate::stage::{Stage, ms};
use crate::told::Told;
use crate::trail::Step;

/// No life lasts that long, unless something waits for what will never come.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 30);

/// How the boot ended.
#[derive(Debug)]
pub enum Boot {
    /// Everything is up.
    Up(BootReport),
    /// It failed.
    Failed(BootError),
    /// Nobody waited for it.
    Dropped,
}

/// What was seen of one life.
#[derive(Debug)]
pub struct Life {
    /// What the hooks did.
    pub steps: Vec<Step>,
    /// What the listener was told.
    pub events: Vec<Event>,
    /// How the boot ended.
    pub boot: Boot,
    /// When it ended.
    pub booted_at: Duration,
    /// What each of those who waited for the shutdown was told.
    pub down: Vec<Result<ShutdownReport, ShutdownError>>,
    /// How many tasks were alive when the last one had been told.
    pub tasks_left: usize,
    /// What hooks, listeners and this very code saw that must not be.
    pub complaints: Vec<String>,
}

impl Life {
    /// Lives a script, on a runtime of its own.
    ///
    /// # Panics
    /// If the runtime can't be made, or something panics that must not.
    pub fn live(script: &Script) -> Self {
        hush(|| {
            let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.expect("a runtime").block_on(live(script))
        })
    }

    /// Everything that was seen, in words: two lives are alike if these are.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for Step { at, service, hook, did } in &self.steps {
            log.push_str(&format!("{at:?}: {hook:?} of {service} {did:?}\n"));
        }
        for event in &self.events {
            let service = event.kind.service().map(Script::number);
            log.push_str(&format!("{:?}: event {} of {service:?}: {:?}\n", event.at, event.number, event.kind));
        }
        log.push_str(&format!("at {:?} the boot was {:?}\n", self.booted_at, self.boot));
        log.push_str(&format!("told: {:?}\ncomplaints: {:?}\n", self.down, self.complaints));
        log
    }
}

async fn live(script: &Script) -> Life {
    let stage = Stage::new(script.parts.len());
    let told = Told::new(script, &stage);
    if let Some(meddling) = script.meddling
        && let Moment::Step(step) = meddling.when
    {
        let stage = stage.clone();
        let trail = stage.trail.clone();
        trail.set_trap(step, move || stage.meddle(meddling.what));
    }
    let lived = timeout(FOR_EVER, lifetime(script, &stage, &told)).await;
    let (boot, booted_at, down, tasks_left) = lived.unwrap_or_else(|_| {
        stage.trail.complain("somebody waits for what never comes".to_owned());
        (Boot::Dropped, FOR_EVER, Vec::new(), 0)
    });
    let done = stage.trail.len();
    sleep(ms(600_000)).await;
    if stage.trail.len() > done {
        stage.trail.complain("a hook did something after the end".to_owned());
    }
    let events = told.take();
    drop(told);
    let (steps, mut complaints) = stage.trail.take();
    // Every hook and every listener has a reference to the stage, and the registry has those.
    if Arc::strong_count(&stage) > 1 {
        complaints.push("something of the registry outlives it".to_owned());
    }
    Life { steps, events, boot, booted_at, down, tasks_left, complaints }
}
