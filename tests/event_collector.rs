//! [`EventCollector`]: the events of a registry; [`event_line`]: an event in a few words.

use std::sync::{Arc, Mutex, PoisonError};

use service_core::{Event, EventKind, Registry};

/// A listener that keeps each event. It has them all when a boot has failed or a shutdown has ended. Clones share the events.
#[derive(Clone, Debug, Default)]
pub struct EventCollector {
    events: Arc<Mutex<Vec<Event>>>,
}

impl EventCollector {
    /// A collector without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// The listener, for the builder's `on_event`.
    pub fn listener(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let events = self.events.clone();
        move |event| events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone())
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All events so far, each in a few words.
    pub fn lines(&self) -> Vec<String> {
        self.events().iter().map(event_line).collect()
    }

    /// The services of the events with this word, in order: `of("ready")`.
    pub fn of(&self, word: &str) -> Vec<String> {
        let lines = self.lines();
        let of = lines.iter().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        of.map(str::to_owned).collect()
    }
}

/// The events that a registry keeps, each in a few words.
pub fn event_lines(registry: &Registry) -> Vec<String> {
    registry.events().iter().map(event_line).collect()
}

/// An event in a few words: its kind, and its service if it has one.
pub fn event_line(event: &Event) -> String {
    let word = match &event.kind {
        EventKind::Booting { .. } => "booting",
        EventKind::Starting { .. } => "starting",
        EventKind::Retrying { .. } => "retrying",
        EventKind::Progress { .. } => "progress",
        EventKind::Extended { .. } => "extended",
        EventKind::Blocking { .. } => "blocking",
        EventKind::Late { .. } => "late",
        EventKind::SlowHealth { .. } => "slow health",
        EventKind::Restarting { .. } => "restarting",
        EventKind::RestartRequested { .. } => "restart requested",
        EventKind::Broken { .. } => "broken",
        EventKind::Unused { .. } => "unused",
        EventKind::Ready { .. } => "ready",
        EventKind::Failed { .. } => "failed",
        EventKind::Blocked { .. } => "blocked",
        EventKind::Unwound { .. } => "unwound",
        EventKind::Booted { .. } => "booted",
        EventKind::RollingBack => "rolling back",
        EventKind::ShuttingDown { .. } => "shutting down",
        EventKind::Draining { .. } => "draining",
        EventKind::Stopping { .. } => "stopping",
        EventKind::Stopped { .. } => "stopped",
        EventKind::TaskFailed { .. } => "task failed",
        EventKind::TaskRestarting { .. } => "task restarting",
        EventKind::TaskRefused { .. } => "task refused",
        EventKind::LeftRunning { services } => return format!("left running {}", services.join(", ")),
        EventKind::SystemdUnreachable { .. } => "systemd unreachable",
        EventKind::ShutDown { .. } => "shut down",
        other => panic!("an event without words: {other:?}"),
    };
    match event.kind.service() {
        Some(service) => format!("{word} {service}"),
        None => word.to_owned(),
    }
}
