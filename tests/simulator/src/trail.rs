//! [`Trail`]: what the hooks of one life did and when, as they saw it themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// `init`; which attempt, from 1.
    Init(u32),
    /// `start`
    Start,
    /// `health`
    Health,
    /// `shutdown`
    Shutdown,
    /// A cleanup; of which attempt, and which.
    Cleanup(u32, usize),
    /// A background task; of which attempt, and which.
    Chore(u32, usize),
    /// A run of the supervised task; of which attempt, and which of all of them.
    Run(u32, usize),
}

/// Something that a hook did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It began.
    Began,
    /// It ended by itself, well or not.
    Ended,
    /// It ended because its service goes down.
    Heeded,
    /// It was dropped before it had ended.
    Dropped,
    /// A cleanup was deferred.
    Owed,
}

/// Something that a hook did, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, since the life began.
    pub at: Duration,
    /// Whose hook.
    pub service: usize,
    /// Which hook.
    pub hook: Hook,
    /// What it did.
    pub did: Did,
}

type Trap = Box<dyn FnOnce() + Send>;

/// What the hooks of one life did. A cheap clone.
#[derive(Clone)]
pub(crate) struct Trail {
    inner: Arc<Inner>,
}

struct Inner {
    born: Instant,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    steps: Vec<Step>,
    complaints: Vec<String>,
    /// How many more beginnings and ends until this is run.
    trap: Option<(usize, Trap)>,
}

/// A hook that is running; if it is dropped without having ended, it was cut off.
pub(crate) struct Running {
    trail: Trail,
    service: usize,
    hook: Hook,
    ended: bool,
}

impl Trail {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self { inner: Arc::new(Inner { born: Instant::now(), kept: Mutex::default() }) }
    }

    /// Runs this inside the hook that is the one of this number, from 0, to begin or to end.
    pub(crate) fn set_trap(&self, step: usize, trap: impl FnOnce() + Send + 'static) {
        self.lock().trap = Some((step, Box::new(trap)));
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, service: usize, hook: Hook, did: Did) {
        let mut kept = self.lock();
        kept.steps.push(Step { at: self.inner.born.elapsed(), service, hook, did });
        if !matches!(did, Did::Began | Did::Ended | Did::Heeded) {
            return;
        }
        let sprung = match &mut kept.trap {
            Some((0, _)) => kept.trap.take(),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        // What it does may come back here.
        drop(kept);
        if let Some((_, trap)) = sprung {
            trap();
        }
    }

    /// A hook begins.
    pub(crate) fn begin(&self, service: usize, hook: Hook) -> Running {
        self.note(service, hook, Did::Began);
        Running { trail: self.clone(), service, hook, ended: false }
    }

    /// A cleanup is deferred.
    pub(crate) fn owe(&self, service: usize, attempt: u32, cleanup: usize) {
        self.note(service, Hook::Cleanup(attempt, cleanup), Did::Owed);
    }

    /// A hook saw something that must not be.
    pub(crate) fn complain(&self, what: String) {
        self.lock().complaints.push(what);
    }

    /// How much has been done.
    pub(crate) fn len(&self) -> usize {
        self.lock().steps.len()
    }

    /// Whether nothing has been done.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was done, and what was complained of.
    pub(crate) fn take(&self) -> (Vec<Step>, Vec<String>) {
        let mut kept = self.lock();
        kept.trap = None;
        (std::mem::take(&mut kept.steps), std::mem::take(&mut kept.complaints))
    }
}

impl Default for Trail {
    fn default() -> Self {
        Self::new()
    }
}

impl Running {
    /// It ends by itself.
    pub(crate) fn end(mut self) {
        self.ended = true;
        self.trail.note(self.service, self.hook, Did::Ended);
    }

    /// It ends because its service goes down.
    pub(crate) fn heed(mut self) {
        self.ended = true;
        self.trail.note(self.service, self.hook, Did::Heeded);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.trail.note(self.service, self.hook, Did::Dropped);
        }
    }
}
