//! [`Trace`]: what the hooks of one run did and when, recorded by the hooks themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A hook, a cleanup or a task of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// `init`; the attempt, from 1.
    Init(u32),
    /// `start`
    Start,
    /// `health`
    Health,
    /// `shutdown`
    Shutdown,
    /// A cleanup; the attempt that deferred it, and its index.
    Cleanup(u32, usize),
    /// A background task; the attempt that spawned it, and its index.
    BackgroundTask(u32, usize),
    /// A run of the supervised task; the attempt that spawned it, and the index among the runs of all attempts.
    SupervisedTask(u32, usize),
}

/// What happened to a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookEvent {
    /// It started.
    Started,
    /// It ended by itself: with success or with a failure.
    Finished,
    /// It ended because its service is being stopped.
    Stopped,
    /// Its future was dropped before it ended.
    Dropped,
    /// A cleanup was deferred.
    Deferred,
}

/// One entry of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// When, since the run began.
    pub at: Duration,
    /// The service of the hook.
    pub service: usize,
    /// The hook.
    pub hook: Hook,
    /// What happened to it.
    pub event: HookEvent,
}

type Callback = Box<dyn FnOnce() + Send>;

/// What the hooks of one run did. A cheap clone.
#[derive(Clone)]
pub(crate) struct Trace {
    inner: Arc<Inner>,
}

struct Inner {
    began: Instant,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    entries: Vec<TraceEntry>,
    violations: Vec<String>,
    /// What to call after this many more starts and ends of hooks.
    on_step: Option<(usize, Callback)>,
}

/// A hook that is running. If it is dropped before it has ended, the trace says so.
pub(crate) struct ActiveHook {
    trace: Trace,
    service: usize,
    hook: Hook,
    has_ended: bool,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::new(Inner { began: Instant::now(), records: Mutex::default() }) }
    }

    /// Calls `callback` inside the hook that starts or ends as number `step`, counted from 0.
    pub(crate) fn on_step(&self, step: usize, callback: impl FnOnce() + Send + 'static) {
        self.lock().on_step = Some((step, Box::new(callback)));
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.inner.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, service: usize, hook: Hook, event: HookEvent) {
        let mut records = self.lock();
        records.entries.push(TraceEntry { at: self.inner.began.elapsed(), service, hook, event });
        if !matches!(event, HookEvent::Started | HookEvent::Finished | HookEvent::Stopped) {
            return;
        }
        let due = match &mut records.on_step {
            Some((0, _)) => records.on_step.take(),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        // The callback may record something itself.
        drop(records);
        if let Some((_, callback)) = due {
            callback();
        }
    }

    /// Records that a hook starts.
    pub(crate) fn start(&self, service: usize, hook: Hook) -> ActiveHook {
        self.record(service, hook, HookEvent::Started);
        ActiveHook { trace: self.clone(), service, hook, has_ended: false }
    }

    /// Records that a cleanup is deferred.
    pub(crate) fn defer(&self, service: usize, attempt: u32, cleanup: usize) {
        self.record(service, Hook::Cleanup(attempt, cleanup), HookEvent::Deferred);
    }

    /// Records a violation of an invariant that was seen during the run.
    pub(crate) fn report_violation(&self, violation: String) {
        self.lock().violations.push(violation);
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the entries and the violations.
    pub(crate) fn take(&self) -> (Vec<TraceEntry>, Vec<String>) {
        let mut records = self.lock();
        records.on_step = None;
        (std::mem::take(&mut records.entries), std::mem::take(&mut records.violations))
    }
}

impl ActiveHook {
    /// It ends by itself.
    pub(crate) fn finish(mut self) {
        self.end(HookEvent::Finished);
    }

    /// It ends because its service is being stopped.
    pub(crate) fn stop(mut self) {
        self.end(HookEvent::Stopped);
    }

    fn end(&mut self, event: HookEvent) {
        self.has_ended = true;
        self.trace.record(self.service, self.hook, event);
    }
}

impl Drop for ActiveHook {
    fn drop(&mut self) {
        if !self.has_ended {
            self.trace.record(self.service, self.hook, HookEvent::Dropped);
        }
    }
}
