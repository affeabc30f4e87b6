//! [`Store`]: the objects of a pool, and what happens to each.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{CancellationToken, record};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::pool_builder::{BoxError, Config};
use super::pool_error::PoolError;
use super::pool_metrics::PoolMetrics;
use crate::caught::{caught, caught_now, error_text};
use crate::gather::gather;

/// An object with its age.
pub(super) struct Entry<T> {
    pub(super) object: T,
    pub(super) uses: u64,
    made: Instant,
    /// When it is too old, if it stays idle until then.
    pub(super) expiry: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Objects that are returned are closed.
    Closing,
    /// Objects that are returned are dropped, because nothing closes them any more.
    Closed,
}

pub(super) struct State<T> {
    pub(super) phase: Phase,
    /// The object that was returned last is at the end.
    pub(super) idle: Vec<Entry<T>>,
    /// Objects that are to be closed.
    pub(super) retired: Vec<T>,
    /// When the next idle object has reached its maximum age, as far as the task that closes it knows.
    pub(super) next_sweep: Option<Instant>,
    make_failure: Option<String>,
    close_failure: Option<String>,
    pub(super) metrics: PoolMetrics,
}

/// The objects of a pool. No code of the user runs while the state is locked.
pub(super) struct Store<T> {
    pub(super) config: Config<T>,
    pub(super) closed: CancellationToken,
    permits: Arc<Semaphore>,
    state: Mutex<State<T>>,
    /// There is an object to close, or one fewer in use.
    pub(super) changed: Notify,
    /// There is one object fewer that is being closed.
    closed_one: Notify,
}

impl<T> Store<T> {
    pub(super) fn new(config: Config<T>) -> Self {
        let metrics = PoolMetrics { max: config.max, ..PoolMetrics::default() };
        let (idle, retired) = (Vec::new(), Vec::new());
        let (make_failure, close_failure) = (None, None);
        let state = State { phase: Phase::Open, idle, retired, next_sweep: None, make_failure, close_failure, metrics };
        let (permits, state) = (Arc::new(Semaphore::new(config.max)), Mutex::new(state));
        let (changed, closed_one) = (Notify::new(), Notify::new());
        Self { config, closed: CancellationToken::new(), permits, state, changed, closed_one }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn metrics(&self) -> PoolMetrics {
        let state = self.state();
        PoolMetrics { idle: state.idle.len(), ..state.metrics }
    }

    /// What the pool could not do, and why.
    pub(super) fn last_failure(&self) -> Option<String> {
        let state = self.state();
        let make = state.make_failure.as_ref().map(|error| format!("make an object: {error}"));
        make.or_else(|| state.close_failure.as_ref().map(|error| format!("close an object: {error}")))
    }

    pub(super) fn taken(&self) {
        self.state().metrics.taken += 1;
    }

    pub(super) fn timed_out(&self, waited: bool) -> PoolError {
        self.state().metrics.timed_out += 1;
        let Config { name, timeout, max, .. } = &self.config;
        PoolError::TimedOut { pool: name.clone(), limit: *timeout, waited, max: *max }
    }

    fn fails(&self, error: BoxError) -> PoolError {
        let text = error_text(&*error);
        let mut state = self.state();
        state.metrics.make_failures += 1;
        state.make_failure = Some(text);
        PoolError::Make { pool: self.config.name.clone(), error }
    }

    /// A permit to have an object, if no caller waits for one and there is one.
    pub(super) fn permit_now(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// Waits until the caller may have an object.
    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        struct Waiting<'a, T>(&'a Store<T>);
        impl<T> Drop for Waiting<'_, T> {
            fn drop(&mut self) {
                self.0.state().metrics.waiting -= 1;
            }
        }
        self.state().metrics.waiting += 1;
        let _waiting = Waiting(self);
        self.permits.clone().acquire_owned().await.expect("it is never closed")
    }

    /// Counts a caller with a permit as one that uses an object, until it [leaves](Self::leave).
    pub(super) fn enter(&self, waited: Duration) -> Result<(), PoolError> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return Err(PoolError::Closed { pool: self.config.name.clone() });
        }
        state.metrics.enter(waited);
        Ok(())
    }

    /// The same of a caller that has not waited, if there is a free object for it that needs no [check](Self::checked).
    pub(super) fn enter_now(&self) -> Option<Entry<T>> {
        let mut state = self.state();
        if state.phase != Phase::Open || self.config.check.is_some() {
            return None;
        }
        let entry = self.next_idle(&mut state)?;
        state.metrics.enter(Duration::ZERO);
        Some(entry)
    }

    /// The end of a guard, with its object unless that was taken or never made.
    pub(super) fn leave(&self, entry: Option<Entry<T>>) {
        let entry = entry.and_then(|entry| self.unless_closed(entry));
        let mut state = self.state();
        state.metrics.in_use -= 1;
        let dropped = entry.and_then(|entry| self.put_back(&mut state, entry));
        let is_over = state.phase == Phase::Closing;
        drop(state);
        self.discard(dropped);
        if is_over {
            self.changed.notify_one();
        }
    }

    /// Returns the object if nothing would close it.
    fn put_back(&self, state: &mut State<T>, mut entry: Entry<T>) -> Option<T> {
        if state.phase == Phase::Closed {
            return Some(entry.object);
        }
        let now = Instant::now();
        let expiry = self.expiry(entry.made, now);
        entry.expiry = expiry;
        if expiry.is_some_and(|expiry| expiry <= now) {
            self.retire(state, entry);
            return None;
        }
        state.idle.push(entry);
        if let Some(expiry) = expiry
            && state.next_sweep.is_none_or(|next| expiry < next)
        {
            state.next_sweep = Some(expiry);
            self.changed.notify_one();
        }
        None
    }

    pub(super) fn handed_out(&self, mut entry: Entry<T>) -> Entry<T> {
        entry.uses += 1;
        self.state().metrics.gets += 1;
        entry
    }

    fn next_idle(&self, state: &mut State<T>) -> Option<Entry<T>> {
        while let Some(entry) = state.idle.pop() {
            if entry.expiry.is_none_or(|expiry| expiry > Instant::now()) {
                return Some(entry);
            }
            self.retire(state, entry);
        }
        None
    }

    pub(super) fn retire(&self, state: &mut State<T>, entry: Entry<T>) {
        state.metrics.retired += 1;
        state.metrics.closing += 1;
        state.retired.push(entry.object);
        self.changed.notify_one();
    }

    /// When an idle object is too old. A time that the clock cannot reach is never.
    fn expiry(&self, made: Instant, returned: Instant) -> Option<Instant> {
        let Config { max_lifetime, max_idle_time, .. } = &self.config;
        let of_life = max_lifetime.and_then(|time| made.checked_add(time));
        let of_idleness = max_idle_time.and_then(|time| returned.checked_add(time));
        [of_life, of_idleness].into_iter().flatten().min()
    }

    pub(super) fn unless_closed(&self, entry: Entry<T>) -> Option<Entry<T>> {
        let Some(is_closed) = self.config.is_closed else { return Some(entry) };
        if caught_now(|| is_closed(&entry.object)) == Ok(false) {
            return Some(entry);
        }
        self.state().metrics.broken += 1;
        self.discard(Some(entry.object));
        None
    }

    /// Drops objects, which is code of the user. A panic of it must not unwind into a caller that uses the pool.
    pub(super) fn discard(&self, objects: impl IntoIterator<Item = T>) {
        for object in objects {
            if let Err(panic) = caught_now(|| drop(object)) {
                let pool = &*self.config.name;
                record!(domain: "object_pool", action: "drop", status: warning, pool, panic, "the drop of an object panicked");
            }
        }
    }
}

/// An object that is being closed, which counts until this is dropped.
struct Closes<'a, T>(&'a Store<T>);

impl<T> Drop for Closes<'_, T> {
    fn drop(&mut self) {
        self.0.state().metrics.closing -= 1;
        self.0.closed_one.notify_waiters();
    }
}

impl<T: Send + 'static> Store<T> {
    /// An object that is free and not broken, or a new one.
    pub(super) async fn entry(&self) -> Result<Entry<T>, PoolError> {
        loop {
            let idle = self.next_idle(&mut self.state());
            match idle {
                Some(idle) => {
                    if let Some(idle) = self.checked(idle).await {
                        return Ok(self.handed_out(idle));
                    }
                }
                None => {
                    self.until_few_are_closing().await;
                    return Ok(self.handed_out(self.make().await?));
                }
            }
        }
    }

    async fn checked(&self, entry: Entry<T>) -> Option<Entry<T>> {
        /// Counts an object that does not pass, also if its check is cancelled.
        struct Checking<'a, T>(&'a Store<T>, u64);
        impl<T> Drop for Checking<'_, T> {
            fn drop(&mut self) {
                self.0.state().metrics.broken += self.1;
            }
        }
        let entry = self.unless_closed(entry)?;
        let Some(check) = &self.config.check else { return Some(entry) };
        let Entry { object, uses, made, expiry } = entry;
        let (pool, mut checking) = (&*self.config.name, Checking(self, 1));
        match caught(async { check(object).await }).await {
            Ok(Ok(object)) => {
                checking.1 = 0;
                return Some(Entry { object, uses, made, expiry });
            }
            Ok(Err(error)) => {
                let error = error_text(&*error);
                record!(domain: "object_pool", action: "check", status: warning, pool, %error, "an object has failed its check");
            }
            Err(panic) => {
                record!(domain: "object_pool", action: "check", status: warning, pool, panic, "the check of an object panicked");
            }
        }
        None
    }

    /// Waits while more objects than the maximum are being closed. Those and the ones in use are at most twice the maximum then.
    async fn until_few_are_closing(&self) {
        loop {
            let mut closed_one = pin!(self.closed_one.notified());
            closed_one.as_mut().enable();
            if self.state().metrics.closing <= self.config.max {
                return;
            }
            closed_one.await;
        }
    }

    async fn make(&self) -> Result<Entry<T>, PoolError> {
        let made = caught(async { (self.config.make)().await }).await;
        let made = made.unwrap_or_else(|panic| Err(format!("the maker panicked: {panic}").into()));
        let object = made.map_err(|error| self.fails(error))?;
        let mut state = self.state();
        state.metrics.made += 1;
        state.make_failure = None;
        Ok(Entry { object, uses: 0, made: Instant::now(), expiry: None })
    }

    pub(super) async fn prefill(&self, objects: usize) -> Result<(), PoolError> {
        let mut result = Ok(());
        let limit = self.config.timeout;
        for made in gather((0..objects).map(|_| tokio::time::timeout(limit, self.make()))).await {
            match made.unwrap_or_else(|_| Err(self.timed_out(false))) {
                Ok(entry) => {
                    let dropped = self.put_back(&mut self.state(), entry);
                    self.discard(dropped);
                }
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Closes an object that was retired, and returns the error. It counts until the future is dropped.
    pub(super) fn close(&self, object: T) -> impl Future<Output = Option<String>> + Send + use<'_, T> {
        let closes = Closes(self);
        async move {
            let _closes = closes;
            let Config { close, close_timeout, .. } = &self.config;
            let Some(close) = close else { return caught_now(|| drop(object)).err() };
            // The time limit is inside, so that a panic in the drop of a future that is given up is caught.
            let closing = async { tokio::time::timeout(*close_timeout, close(object)).await };
            match caught(closing).await {
                Ok(Ok(closed)) => {
                    self.state().close_failure = None;
                    closed.err().map(|error| error_text(&*error))
                }
                Ok(Err(_)) => Some(self.gives_up()),
                Err(panic) => Some(format!("it panicked: {panic}")),
            }
        }
    }

    fn gives_up(&self) -> String {
        let error = format!("it was not closed within {:?}, and was dropped", self.config.close_timeout);
        let mut state = self.state();
        state.metrics.close_timeouts += 1;
        state.close_failure = Some(error.clone());
        error
    }
}
