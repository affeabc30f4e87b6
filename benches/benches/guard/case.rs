//! [`Case`]: an operation whose cost is measured.

use std::hint::black_box;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use service_core::Result;

use crate::fixture::{Fixture, Ledger};

/// How many instructions a guarded call may need in addition to a plain call. An async call does not reach this goal yet.
pub(crate) const GOAL: u32 = 30;

/// An operation whose cost is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Nothing,
    Plain,
    Guarded,
    GuardedAnywhere,
    PlainAsync,
    GuardedAsync,
    TryService,
    Service,
    OnceLock,
    ArcClone,
    RwLockArc,
    TaskTracker,
    Semaphore,
    Counter,
}

impl Case {
    pub(crate) const ALL: [Self; 14] = [
        Self::Nothing,
        Self::Plain,
        Self::Guarded,
        Self::GuardedAnywhere,
        Self::PlainAsync,
        Self::GuardedAsync,
        Self::TryService,
        Self::Service,
        Self::OnceLock,
        Self::ArcClone,
        Self::RwLockArc,
        Self::TaskTracker,
        Self::Semaphore,
        Self::Counter,
    ];

    /// The case whose `Debug` output is this name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|case| format!("{case:?}") == name);
        found.ok_or_else(|| format!("there is no case {name}").into())
    }

    /// Runs the operation this many times.
    pub(crate) fn repeat(self, fixture: &Fixture, times: u64) {
        let Fixture { ledger, once, lock, counter, tracker, semaphore, runtime, .. } = fixture;
        match self {
            Self::Nothing => each(times, |_| ()),
            Self::Plain => each(times, |number| ledger.plain(number)),
            Self::Guarded => each(times, |number| ledger.guarded(number)),
            Self::GuardedAnywhere => each(times, Ledger::guarded_anywhere),
            Self::PlainAsync => runtime.block_on(each_async(times, |number| ledger.plain_async(number))),
            Self::GuardedAsync => runtime.block_on(each_async(times, |number| ledger.guarded_async(number))),
            Self::TryService => each(times, |_| Ledger::try_service()),
            Self::Service => runtime.block_on(each_async(times, |_| Ledger::service())),
            Self::OnceLock => each(times, |_| black_box(once).get().map(|ledger| &raw const **ledger)),
            Self::ArcClone => each(times, |_| black_box(ledger).clone()),
            Self::RwLockArc => each(times, |_| lock.read().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::TaskTracker => each(times, |_| tracker.token()),
            Self::Semaphore => each(times, |_| semaphore.try_acquire()),
            Self::Counter => each(times, |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                counter.fetch_sub(1, Ordering::SeqCst)
            }),
        }
    }
}

/// Calls `make` this many times and drops each result.
fn each<T>(times: u64, mut make: impl FnMut(u64) -> T) {
    for number in 0..times {
        let made = make(black_box(number));
        black_box(&made);
    }
}

async fn each_async<F: Future>(times: u64, mut make: impl FnMut(u64) -> F) {
    for number in 0..times {
        let made = make(black_box(number)).await;
        black_box(&made);
    }
}

impl Case {
    /// The title in the report; `None` for the empty loop, which is subtracted from the others.
    pub(crate) const fn title(self) -> Option<&'static str> {
        Some(match self {
            Self::Nothing => return None,
            Self::Plain => "a plain call",
            Self::Guarded => "**guarded call**, `users.find(1)`",
            Self::GuardedAnywhere => "**guarded call without a receiver**, `Users::find(1)`",
            Self::PlainAsync => "a plain async call, awaited",
            Self::GuardedAsync => "**guarded async call**, awaited",
            Self::TryService => "**`Users::try_service()`**",
            Self::Service => "**`Users::service().await`**",
            Self::OnceLock => "`OnceLock::get`",
            Self::ArcClone => "`Arc` clone and drop",
            Self::RwLockArc => "`RwLock<Arc<_>>`: read, clone, drop",
            Self::TaskTracker => "`tokio-util` `TaskTracker` token",
            Self::Semaphore => "`tokio` `Semaphore` permit",
            Self::Counter => "one shared counter, incremented and decremented",
        })
    }

    /// What the case is compared with, and how many instructions it may need in addition. The bound is slightly above the measured
    /// value, so that a regression is noticed. The goal is [`GOAL`].
    pub(crate) const fn bound(self) -> Option<(Self, f64)> {
        match self {
            Self::Guarded | Self::GuardedAnywhere => Some((Self::Plain, 30.0)),
            Self::GuardedAsync => Some((Self::PlainAsync, 44.0)),
            Self::TryService => Some((Self::Nothing, 44.0)),
            _ => None,
        }
    }
}
