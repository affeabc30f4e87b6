//! [`Told`]: what a registry told its listeners; [`told`]: an event in a few words.

use std::sync::{Arc, Mutex, PoisonError};

use service_core::{Event, EventKind, Registry};

/// What a registry told its listeners. Complete when a boot has failed or a shutdown has ended.
#[derive(Clone, Debug, Default)]
pub struct Told {
    events: Arc<Mutex<Vec<Event>>>,
}

impl Told {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// For the builder's `on_event`.
    pub fn listener(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let events = self.events.clone();
        move |event| events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone())
    }

    /// Everything so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything so far, in words.
    pub fn story(&self) -> Vec<String> {
        self.events().iter().map(told).collect()
    }

    /// The services to which this happened, in order: `of("ready")`.
    pub fn of(&self, word: &str) -> Vec<String> {
        let story = self.story();
        let of = story.iter().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        of.map(str::to_owned).collect()
    }
}

/// What a registry remembers, in words.
pub fn story(registry: &Registry) -> Vec<String> {
    registry.events().iter().map(told).collect()
}

/// An event in a few words: what happened, to whom.
pub fn told(event: &Event) -> String {
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
        EventKind::Ready { .. } => "ready",
        EventKind::Failed { .. } => "failed",
        EventKind::Blocked { .. } => "blocked",
        EventKind::Undone { .. } => "undone",
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
