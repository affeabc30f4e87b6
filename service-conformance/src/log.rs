//! [`Log`]: what the scripted hooks of one plan saw, and when.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Value;

/// Which hook.
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

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Began,
    Ended,
    Failed,
    Panicked,
    Dropped,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Since the plan was made, on the paused clock.
    pub(crate) at: Duration,
    pub(crate) service: Arc<str>,
    pub(crate) hook: Hook,
    pub(crate) deed: Deed,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.hook, self.deed) {
            (Hook::Init, Deed::Began) => "init",
            (Hook::Init, Deed::Ended) => "ready",
            (Hook::Init, Deed::Failed) => "init failed",
            (Hook::Init, Deed::Panicked) => "init panicked",
            (Hook::Init, Deed::Dropped) => "init dropped",
            (Hook::Shutdown, Deed::Began) => "shutdown",
            (Hook::Shutdown, Deed::Ended) => "down",
            (Hook::Shutdown, Deed::Failed) => "shutdown failed",
            (Hook::Shutdown, Deed::Panicked) => "shutdown panicked",
            (Hook::Shutdown, Deed::Dropped) => "shutdown dropped",
        };
        write!(f, "{:?} {what} {}", self.at, self.service)
    }
}

/// What the scripted hooks of one plan saw, and when. A cheap clone.
#[derive(Clone)]
pub(crate) struct Log {
    born: Instant,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    given: Vec<(Arc<str>, Vec<Value>)>,
    values: usize,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), inner: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, service: &Arc<str>, hook: Hook, deed: Deed) {
        let at = self.born.elapsed();
        self.lock().entries.push(Entry { at, service: service.clone(), hook, deed });
    }

    /// What an `init` was given.
    pub(crate) fn told(&self, service: &Arc<str>, given: Vec<Value>) {
        self.lock().given.push((service.clone(), given));
    }

    /// A value that there never was.
    pub(crate) fn value(&self, service: &Arc<str>) -> Value {
        let mut inner = self.lock();
        inner.values += 1;
        Value::new(service.clone(), inner.values)
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// How long ago the plan was made.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// The names of the services to which this happened, in order.
    pub(crate) fn of(&self, hook: Hook, deed: Deed) -> Vec<String> {
        let entries = self.entries();
        entries.iter().filter(|it| it.hook == hook && it.deed == deed).map(|it| it.service.to_string()).collect()
    }

    /// Where in the log this happened to a service first.
    pub(crate) fn index(&self, service: &str, hook: Hook, deed: Deed) -> Option<usize> {
        self.entries().iter().position(|it| &*it.service == service && it.hook == hook && it.deed == deed)
    }

    /// When this happened to a service first.
    pub(crate) fn at(&self, service: &str, hook: Hook, deed: Deed) -> Option<Duration> {
        Some(self.entries()[self.index(service, hook, deed)?].at)
    }

    /// How often this happened to a service.
    pub(crate) fn count(&self, service: &str, hook: Hook, deed: Deed) -> usize {
        self.entries().iter().filter(|it| &*it.service == service && it.hook == hook && it.deed == deed).count()
    }

    /// What the first `init` of a service was given.
    pub(crate) fn given(&self, service: &str) -> Vec<Value> {
        let inner = self.lock();
        inner.given.iter().find(|(name, _)| &**name == service).map(|(_, given)| given.clone()).unwrap_or_default()
    }
}

/// How many lines of the log a verdict shows.
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
