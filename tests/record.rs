//! [`Record`]: what the hooks of a proof did, and when, as they saw it themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::Definition;
use tokio::time::{Instant, sleep};

/// What the hooks of a proof did, and when. A cheap clone.
#[derive(Clone, Debug)]
pub struct Record {
    born: Instant,
    notes: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Default for Record {
    fn default() -> Self {
        Self { born: Instant::now(), notes: Arc::default() }
    }
}

impl Record {
    /// A record of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Duration, String)>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something.
    pub fn note(&self, what: impl Into<String>) {
        self.lock().push((self.born.elapsed(), what.into()));
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Everything so far, in order.
    pub fn notes(&self) -> Vec<String> {
        self.lock().iter().map(|(_, what)| what.clone()).collect()
    }

    /// What came after this word, in order: `of("init")` is `["a", "b"]` after `init a` and `init b`.
    pub fn of(&self, word: &str) -> Vec<String> {
        let notes = self.notes();
        let of = notes.iter().filter_map(|note| note.strip_prefix(word)?.strip_prefix(' '));
        of.map(str::to_owned).collect()
    }

    /// How often this was noted.
    pub fn count(&self, what: &str) -> usize {
        self.lock().iter().filter(|(_, note)| note == what).count()
    }

    /// When this was noted, each time, since the record was made.
    pub fn times(&self, what: &str) -> Vec<Duration> {
        self.lock().iter().filter(|(_, note)| note == what).map(|(at, _)| *at).collect()
    }

    /// When this was noted first, since the record was made.
    ///
    /// # Panics
    /// If it never was.
    pub fn at(&self, what: &str) -> Duration {
        let found = self.lock().iter().find(|(_, note)| note == what).map(|(at, _)| *at);
        found.unwrap_or_else(|| panic!("{what:?} was never noted, only {:?}", self.notes()))
    }

    /// Whether both were noted, the first one first.
    pub fn in_order(&self, first: &str, then: &str) -> bool {
        let notes = self.notes();
        let at = |what: &str| notes.iter().position(|note| note == what);
        matches!((at(first), at(then)), (Some(first), Some(then)) if first < then)
    }

    /// A service that notes `init` and `up`, this far apart, and `shutdown` and `down`, this far apart.
    #[track_caller]
    pub fn service(&self, name: &str, up: Duration, down: Duration) -> Definition<()> {
        let (rising, falling) = (self.clone(), self.clone());
        Definition::new(name)
            .init(move |cx| {
                let record = rising.clone();
                async move {
                    record.note(format!("init {}", cx.name()));
                    sleep(up).await;
                    record.note(format!("up {}", cx.name()));
                    Ok(())
                }
            })
            .shutdown(move |_, cx| {
                let record = falling.clone();
                async move {
                    record.note(format!("shutdown {}", cx.name()));
                    sleep(down).await;
                    record.note(format!("down {}", cx.name()));
                    Ok(())
                }
            })
    }

    /// The same, at once.
    #[track_caller]
    pub fn quick(&self, name: &str) -> Definition<()> {
        self.service(name, Duration::ZERO, Duration::ZERO)
    }
}
