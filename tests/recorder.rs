//! [`Recorder`]: what the hooks of a test did, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::Definition;
use tokio::time::{Instant, sleep};

/// What the hooks of a test did, and when. Clones share their entries.
#[derive(Clone, Debug)]
pub struct Recorder {
    created: Instant,
    entries: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { created: Instant::now(), entries: Arc::default() }
    }
}

impl Recorder {
    /// A recorder without entries. Its times begin now.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Duration, String)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry.
    pub fn record(&self, what: impl Into<String>) {
        self.lock().push((self.created.elapsed(), what.into()));
    }

    /// Removes all entries.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// All entries, in order.
    pub fn entries(&self) -> Vec<String> {
        self.lock().iter().map(|(_, what)| what.clone()).collect()
    }

    /// The rest of each entry that begins with this word: `of("init")` is `["a", "b"]` after `init a` and `init b`.
    pub fn of(&self, word: &str) -> Vec<String> {
        let entries = self.entries();
        let of = entries.iter().filter_map(|entry| entry.strip_prefix(word)?.strip_prefix(' '));
        of.map(str::to_owned).collect()
    }

    /// How many entries are equal to this one.
    pub fn count(&self, what: &str) -> usize {
        self.lock().iter().filter(|(_, entry)| entry == what).count()
    }

    /// When this was recorded, each time, since the recorder was created.
    pub fn times(&self, what: &str) -> Vec<Duration> {
        self.lock().iter().filter(|(_, entry)| entry == what).map(|(at, _)| *at).collect()
    }

    /// When this was recorded first, since the recorder was created.
    ///
    /// # Panics
    /// If it was never recorded.
    pub fn at(&self, what: &str) -> Duration {
        let found = self.times(what).first().copied();
        found.unwrap_or_else(|| panic!("{what:?} was not recorded, only {:?}", self.entries()))
    }

    /// Whether both were recorded, the first one first.
    pub fn in_order(&self, first: &str, then: &str) -> bool {
        let entries = self.entries();
        let at = |what: &str| entries.iter().position(|entry| entry == what);
        matches!((at(first), at(then)), (Some(first), Some(then)) if first < then)
    }

    /// A service that records `init` and `up` at the beginning and the end of its `init`, and `shutdown` and `down` at those
    /// of its `shutdown`. The hooks take as long as given.
    #[track_caller]
    pub fn service(&self, name: &str, init: Duration, shutdown: Duration) -> Definition<()> {
        let (starting, stopping) = (self.clone(), self.clone());
        Definition::new(name)
            .init(move |cx| {
                let recorder = starting.clone();
                async move {
                    recorder.record(format!("init {}", cx.name()));
                    sleep(init).await;
                    recorder.record(format!("up {}", cx.name()));
                    Ok(())
                }
            })
            .shutdown(move |_, cx| {
                let recorder = stopping.clone();
                async move {
                    recorder.record(format!("shutdown {}", cx.name()));
                    sleep(shutdown).await;
                    recorder.record(format!("down {}", cx.name()));
                    Ok(())
                }
            })
    }

    /// Such a service whose hooks take no time.
    #[track_caller]
    pub fn quick(&self, name: &str) -> Definition<()> {
        self.service(name, Duration::ZERO, Duration::ZERO)
    }
}
