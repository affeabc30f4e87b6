//! [`Log`]: what the hooks of one plan recorded, and when.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Value;

/// A hook of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Init,
    Shutdown,
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "init",
            Self::Shutdown => "shutdown",
        })
    }
}

/// What happened to a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookEvent {
    Started,
    Succeeded,
    Failed,
    Panicked,
    Dropped,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The time since the plan was created, on the paused clock.
    pub(crate) at: Duration,
    pub(crate) service: Arc<str>,
    pub(crate) hook: Hook,
    pub(crate) event: HookEvent,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.hook, self.event) {
            (Hook::Init, HookEvent::Started) => "init",
            (Hook::Init, HookEvent::Succeeded) => "ready",
            (Hook::Init, HookEvent::Failed) => "init failed",
            (Hook::Init, HookEvent::Panicked) => "init panicked",
            (Hook::Init, HookEvent::Dropped) => "init dropped",
            (Hook::Shutdown, HookEvent::Started) => "shutdown",
            (Hook::Shutdown, HookEvent::Succeeded) => "down",
            (Hook::Shutdown, HookEvent::Failed) => "shutdown failed",
            (Hook::Shutdown, HookEvent::Panicked) => "shutdown panicked",
            (Hook::Shutdown, HookEvent::Dropped) => "shutdown dropped",
        };
        write!(f, "{:?} {what} {}", self.at, self.service)
    }
}

/// What the hooks of one plan recorded, and when. A cheap clone.
#[derive(Clone)]
pub(crate) struct Log {
    born: Instant,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    dependencies: Vec<(Arc<str>, Vec<Value>)>,
    values: usize,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), inner: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, service: &Arc<str>, hook: Hook, event: HookEvent) {
        let at = self.born.elapsed();
        self.lock().entries.push(Entry { at, service: service.clone(), hook, event });
    }

    /// Records the values that an `init` received.
    pub(crate) fn add_dependencies(&self, service: &Arc<str>, dependencies: Vec<Value>) {
        self.lock().dependencies.push((service.clone(), dependencies));
    }

    /// A value that is equal to no other.
    pub(crate) fn new_value(&self, service: &Arc<str>) -> Value {
        let mut inner = self.lock();
        inner.values += 1;
        Value::new(service.clone(), inner.values)
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// The time since the plan was created.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// The names of the services to which this happened, in order.
    pub(crate) fn of(&self, hook: Hook, event: HookEvent) -> Vec<String> {
        let entries = self.entries();
        entries.iter().filter(|it| it.hook == hook && it.event == event).map(|it| it.service.to_string()).collect()
    }

    /// The index of the first entry with this event of a service.
    pub(crate) fn index(&self, service: &str, hook: Hook, event: HookEvent) -> Option<usize> {
        self.entries().iter().position(|it| &*it.service == service && it.hook == hook && it.event == event)
    }

    /// The time of the first such entry.
    pub(crate) fn at(&self, service: &str, hook: Hook, event: HookEvent) -> Option<Duration> {
        Some(self.entries()[self.index(service, hook, event)?].at)
    }

    /// The number of such entries.
    pub(crate) fn count(&self, service: &str, hook: Hook, event: HookEvent) -> usize {
        self.entries().iter().filter(|it| &*it.service == service && it.hook == hook && it.event == event).count()
    }

    /// The values that the first `init` of a service received.
    pub(crate) fn dependencies_of(&self, service: &str) -> Vec<Value> {
        let inner = self.lock();
        inner
            .dependencies
            .iter()
            .find(|(name, _)| &**name == service)
            .map(|(_, dependencies)| dependencies.clone())
            .unwrap_or_default()
    }
}

/// How many entries a failure shows.
const SHOWN: usize = 8;

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries();
        let shown: Vec<_> = entries.iter().take(SHOWN).map(ToString::to_string).collect();
        f.write_str(&shown.join(", "))?;
        if entries.len() > SHOWN {
            write!(f, " and {} more", entries.len() - SHOWN)?;
        }
        Ok(())
    }
}
