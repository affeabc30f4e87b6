//! [`Gate`]: admits calls while it is open, refuses them once it is closed, and reports when the last one has left. It
//! knows no service.
//!
//! # State
//! - `open`: 0 while the gate is closed, else the token that a caller must present: the address of the instance behind the
//!   gate. So "is this value managed", "by this gate" and "is the service ready" are one comparison.
//! - `counters[stripe + lane]`: a stripe belongs to some of the threads, a lane to one of the methods. Bits 0 to 30 count
//!   the calls inside. A call is counted in and out on the same counter, so the count is never negative. The sign,
//!   [`CLOSED`]: a call that is counted out from now on wakes the drain.
//! - `reentrant`: the calls that were admitted although the gate was closed, because a call that the drain waits for has
//!   made them.
//! - `drain`: the waker of the drain.
//!
//! # Invariants
//! 1. An admitted call is counted from before it runs until after it has ended.
//! 2. A counter is only changed by read-modify-writes, so on each counter, counting in and closing happen one after the
//!    other. If counting in came first, the closing found the caller in the count. If the closing came first, counting in
//!    acquires what the closing released: `open` is no longer the token. So a caller that compares the token *after*
//!    counting itself in, and finds it, is in the count that the closing found.
//! 3. Therefore the admitted calls of a closed counter only become fewer. (A refused caller counts itself in and out
//!    again. That can delay the drain, and never ends it early.) A counter that was seen at zero after closing has no
//!    admitted call from then on, and the counters may be read one after the other.
//! 4. The gate may be closed and opened again, with another token, while a caller is about to enter with the old one. By
//!    invariant 2 that caller cannot see the old token any more if it counts itself in after that closing. (Opening adds
//!    nothing to this: it only continues the release sequence.)
//! 5. A re-entrant call is counted in before the call that has made it is counted out. The drain reads `reentrant` after
//!    all counters: if it has seen the outer call leave, it sees the inner one.
//! 6. A call that leaves a closed gate takes the drain's waker *after* counting itself out, and the drain stores its waker
//!    *before* it reads the counters; both under the waker's lock. So whichever of the two comes second sees what the
//!    other did: either the drain sees that the last call has left, or that call wakes the drain.
//! 7. Counting out releases, and the drain acquires: what a call did happens before what follows the drain.

use std::future::poll_fn;
use std::sync::PoisonError;
use std::task::{Poll, Waker};

#[cfg(all(test, not(loom)))]
#[path = "gate/tests.rs"]
mod tests;

pub(crate) use super::sync::LANES;
use super::sync::{AtomicI32, AtomicUsize, Mutex, MutexGuard, Ordering, STRIPES, closing, entering, leaving};

/// How many counters there are; a power of two.
const COUNTERS: usize = STRIPES * LANES;

/// How often [`Gate::calls_left`] reads the counters.
const READS: usize = 16;

/// In a counter: the gate is closed. It is the sign, because the processor's flags report that for free.
const CLOSED: i32 = i32::MIN;

/// A gate, closed until it is opened with a token.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Gate {
    /// The counters of one stripe fill a cache line, so threads on different stripes do not share one.
    counters: [AtomicI32; COUNTERS],
    /// Read by every call and seldom written, like all that follows.
    open: AtomicUsize,
    reentrant: AtomicUsize,
    drain: Mutex<Option<Waker>>,
}

/// The stripe of the thread with this number: the index of its first counter.
pub(crate) const fn stripe(thread: usize) -> usize {
    thread % STRIPES * LANES
}

/// The counter on which an admitted call is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CounterIndex(u32);

impl CounterIndex {
    /// Of a call that no counter counts.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// Whether there is such a counter: the check of the bounds, so the compiler needs no other one.
    #[inline(always)]
    pub(crate) const fn is_some(self) -> bool {
        (self.0 as usize) < COUNTERS
    }
}

impl Gate {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            counters: [const { AtomicI32::new(0) }; COUNTERS],
            open: AtomicUsize::new(0),
            reentrant: AtomicUsize::new(0),
            drain: Mutex::new(None),
        }
    }

    /// loom's atomics are made at run time.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            counters: std::array::from_fn(|_| AtomicI32::new(0)),
            open: AtomicUsize::new(0),
            reentrant: AtomicUsize::new(0),
            drain: Mutex::new(None),
        }
    }

    /// Admits callers that present this token, which is not 0. A gate that has admitted calls is drained before.
    pub(crate) fn open(&self, token: usize) {
        for counter in &self.counters {
            counter.fetch_and(!CLOSED, Ordering::Relaxed);
        }
        self.open.store(token, Ordering::Release);
    }

    /// If the gate is open, admits callers that present this token instead of the former one. Calls that are inside stay.
    ///
    /// Invariants 2 and 3 are about closed counters, so they do not notice. A caller that is about to enter with the former
    /// token is admitted or not, and is counted if it is.
    pub(crate) fn change_token(&self, token: usize) {
        if self.open.load(Ordering::Relaxed) != 0 {
            self.open.store(token, Ordering::Release);
        }
    }

    /// Admits no call from now on.
    pub(crate) fn close(&self) {
        self.open.store(0, Ordering::Release);
        for counter in &self.counters {
            counter.fetch_or(CLOSED, closing());
        }
    }

    /// Counts a call in, if the gate is open for this token. The counter is the [`stripe`] of the thread plus the lane of the
    /// method; a call for which there is no such counter is not admitted.
    #[inline(always)]
    pub(crate) fn enter(&self, token: usize, index: usize) -> Option<CounterIndex> {
        let counter = self.counters.get(index)?;
        let index = CounterIndex(index as u32);
        // Invariants 2 and 4: first count, then compare.
        counter.fetch_add(1, entering());
        if self.open.load(Ordering::Relaxed) == token {
            return Some(index);
        }
        self.turn_back(index);
        None
    }

    /// Counts out a call that was counted in.
    #[inline(always)]
    pub(crate) fn leave(&self, CounterIndex(index): CounterIndex) {
        // A power of two, so the compiler needs no bounds check.
        let counter = &self.counters[index as usize % COUNTERS];
        // The sign of the new value, because that is in the processor's flags.
        if counter.fetch_add(-1, leaving()).wrapping_add(-1) < 0 {
            self.wake();
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_back(&self, index: CounterIndex) {
        self.leave(index);
    }

    /// Counts in a call that was made by a call which the drain waits for, even if the gate is closed.
    pub(crate) fn enter_reentrant(&self) {
        // The outer call releases this when it leaves: invariant 5.
        self.reentrant.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts out a call that `enter_reentrant` counted in.
    pub(crate) fn leave_reentrant(&self) {
        self.reentrant.fetch_sub(1, leaving());
        self.wake();
    }

    /// How many calls are inside, by lane; the last entry is the re-entrant calls. Exact once the gate is closed and no
    /// caller enters or leaves.
    fn calls(&self) -> [usize; LANES + 1] {
        let mut calls = [0; LANES + 1];
        for (at, counter) in self.counters.iter().enumerate() {
            calls[at % LANES] += count(counter);
        }
        // Invariant 5: after all counters.
        calls[LANES] = self.reentrant.load(Ordering::Acquire);
        calls
    }

    /// The calls inside a closed gate, by lane, while other callers are being refused. Refused callers come and go, and
    /// admitted calls only become fewer, so the smallest count that was read is the best estimate.
    pub(crate) fn calls_left(&self) -> [usize; LANES + 1] {
        let mut left = self.calls();
        for _ in 1..READS {
            // A caller that is being refused may be suspended half way; then it needs the processor.
            std::thread::yield_now();
            for (least, seen) in left.iter_mut().zip(self.calls()) {
                *least = seen.min(*least);
            }
        }
        left
    }

    /// Whether no call is inside a closed gate.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls().iter().all(|count| *count == 0)
    }

    /// Waits until no call is inside a closed gate. One task waits at a time.
    pub(crate) async fn drained(&self) {
        // By invariant 3 a counter that was seen at zero need not be read again: however many callers are being refused
        // at every moment, each counter is free of them at some moment.
        let mut seen = 0;
        poll_fn(|cx| {
            // Invariant 6: first the waker, then the counters. A waker is user code: it is cloned and dropped unlocked.
            let waker = cx.waker().clone();
            let replaced = self.waker().replace(waker);
            drop(replaced);
            while self.counters.get(seen).is_some_and(|counter| count(counter) == 0) {
                seen += 1;
            }
            // Invariant 5: after all counters.
            let is_empty = seen == COUNTERS && self.reentrant.load(Ordering::Acquire) == 0;
            if is_empty { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[cold]
    #[inline(never)]
    fn wake(&self) {
        let waker = self.waker().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(counter: &AtomicI32) -> usize {
    (counter.load(Ordering::Acquire) & !CLOSED) as usize
}
