//! [`Gate`]: admits while open, refuses once closed, tells when the last one has left. It knows no service.
//!
//! # State
//! - `open`: 0 while closed, else the token that whoever enters must show: the address of the instance behind the gate.
//!   So "is this value managed", "by this gate" and "is it up" are one comparison.
//! - `counters[stripe * LANES + lane]`: bits 0 to 30 count who is inside, by the thread's stripe and the method's lane.
//!   One enters and leaves on the same counter, so the count is never negative. The sign, [`CLOSED`]: who counts itself
//!   out from now on wakes the drain.
//! - `insiders`: who was let in although the gate was closed, because they are part of what the drain waits for.
//! - `drain`: whom the last to leave wakes.
//!
//! # Invariants
//! 1. Whoever is inside is counted, from before the call runs until after it has ended.
//! 2. A counter is only changed by read-modify-writes, so on each of them counting in and closing happen one after the
//!    other. Where counting in came first, the closing found the caller in the count. Where the closing came first,
//!    counting in acquires what it released, `open` no longer being the token; so whoever compares the token *after*
//!    counting itself in, and finds it, is in the count that the closing found.
//! 3. So the admitted calls of a closed counter only become fewer. (Who is refused counts itself in and out again; that
//!    can delay the drain, never end it early.) A counter that was seen at zero after closing has no admitted call for
//!    good, and the counters may be read one after the other.
//! 4. The gate may be closed and opened again, with another token, while somebody is on its way in with the old one. By
//!    invariant 2 it cannot see the old token any more once it counts itself in after that closing. (Opening adds nothing
//!    to that: it only continues the release sequence.)
//! 5. An insider is counted before the one whose part it is leaves. The drain reads `insiders` after all counters: if it
//!    has seen that one gone, it sees the insider.
//! 6. Whoever leaves a closed gate looks for the drain's waker *after* counting itself out, and the drain stores its
//!    waker *before* it reads the counters; both under the waker's lock. So whichever of the two comes second sees what
//!    the other did: the last to leave is seen, or wakes the drain.
//! 7. Whoever leaves releases, and the drain acquires: what a call did happens before what follows the drain.

use std::future::poll_fn;
use std::sync::PoisonError;
use std::task::{Poll, Waker};

#[cfg(all(test, not(loom)))]
#[path = "gate/tests.rs"]
mod tests;

pub(crate) use super::sync::LANES;
use super::sync::{AtomicI32, AtomicUsize, Mutex, MutexGuard, Ordering, STRIPES, closing, entering, leaving};

/// As many counters as there are; a power of two.
const COUNTERS: usize = STRIPES * LANES;

/// How often to look who is left.
const LOOKS: usize = 16;

/// In a counter: the gate is closed. The sign, because a processor tells it for free.
const CLOSED: i32 = i32::MIN;

/// A gate, closed until it is opened with a token.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Gate {
    /// The counters of one stripe fill a cache line, so threads on different stripes do not fight for one.
    counters: [AtomicI32; COUNTERS],
    /// Read by every call and written by few, like all that follows.
    open: AtomicUsize,
    insiders: AtomicUsize,
    drain: Mutex<Option<Waker>>,
}

/// Where the counters for the thread of this number begin.
pub(crate) const fn stripe(thread: usize) -> usize {
    thread % STRIPES * LANES
}

/// Where somebody who is inside was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u32);

impl Ticket {
    /// Of somebody who is not inside.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// Written so that whoever asks has checked the bounds, too.
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
            insiders: AtomicUsize::new(0),
            drain: Mutex::new(None),
        }
    }

    /// loom's atomics are made at run time.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            counters: std::array::from_fn(|_| AtomicI32::new(0)),
            open: AtomicUsize::new(0),
            insiders: AtomicUsize::new(0),
            drain: Mutex::new(None),
        }
    }

    /// Admits whoever shows this token, which is not 0. Once somebody was inside, only after a drain.
    pub(crate) fn open(&self, token: usize) {
        for counter in &self.counters {
            counter.fetch_and(!CLOSED, Ordering::Relaxed);
        }
        self.open.store(token, Ordering::Release);
    }

    /// Admits nobody any more.
    pub(crate) fn close(&self) {
        self.open.store(0, Ordering::Release);
        for counter in &self.counters {
            counter.fetch_or(CLOSED, closing());
        }
    }

    /// Counts the caller in, if the gate is open for this token: at a place that is the [`stripe`] of its thread plus the
    /// lane of its method. Nobody is admitted at a place that there is not.
    #[inline(always)]
    pub(crate) fn enter(&self, token: usize, place: usize) -> Option<Ticket> {
        let counter = self.counters.get(place)?;
        let ticket = Ticket(place as u32);
        // Invariants 2 and 4: first count, then compare.
        counter.fetch_add(1, entering());
        if self.open.load(Ordering::Relaxed) == token {
            return Some(ticket);
        }
        self.turn_back(ticket);
        None
    }

    /// Counts out a caller that was counted in.
    #[inline(always)]
    pub(crate) fn leave(&self, Ticket(place): Ticket) {
        // A power of two, so the compiler needs no bounds check.
        let counter = &self.counters[place as usize % COUNTERS];
        // Of what is left, because that is what the processor's flags tell.
        if counter.fetch_add(-1, leaving()).wrapping_add(-1) < 0 {
            self.wake();
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_back(&self, ticket: Ticket) {
        self.leave(ticket);
    }

    /// Counts in somebody who is part of what the drain waits for, whatever the gate says.
    pub(crate) fn enter_inside(&self) {
        // Released by whoever it is a part of, when that one leaves: invariant 5.
        self.insiders.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts out somebody who came in by `enter_inside`.
    pub(crate) fn leave_inside(&self) {
        self.insiders.fetch_sub(1, leaving());
        self.wake();
    }

    /// How many are inside, by lane; the last entry is the insiders. Exact once the gate is closed and nobody moves.
    pub(crate) fn inside(&self) -> [usize; LANES + 1] {
        let mut inside = [0; LANES + 1];
        for (at, counter) in self.counters.iter().enumerate() {
            inside[at % LANES] += count(counter);
        }
        // Invariant 5: after all counters.
        inside[LANES] = self.insiders.load(Ordering::Acquire);
        inside
    }

    /// Who is left behind a closed gate, while others are being refused: these come and go, and those only become fewer, so
    /// the least that was seen is the nearest.
    pub(crate) fn left(&self) -> [usize; LANES + 1] {
        let mut left = self.inside();
        for _ in 1..LOOKS {
            // Who is being refused may have been stopped half way; then it needs the processor.
            std::thread::yield_now();
            for (least, seen) in left.iter_mut().zip(self.inside()) {
                *least = seen.min(*least);
            }
        }
        left
    }

    /// Whether a closed gate has nobody inside.
    pub(crate) fn is_empty(&self) -> bool {
        self.inside().iter().all(|count| *count == 0)
    }

    /// Ends when nobody is inside a closed gate. One waits at a time.
    pub(crate) async fn empty(&self) {
        // By invariant 3 a counter that was seen at zero need not be looked at again: however many are being refused
        // at every moment, each counter is free of them at some moment.
        let mut left = self.counters.iter().peekable();
        poll_fn(|cx| {
            // Invariant 6: the waker first, the counters then.
            *self.waker() = Some(cx.waker().clone());
            while left.next_if(|counter| count(counter) == 0).is_some() {}
            // Invariant 5: after all counters.
            let is_empty = left.peek().is_none() && self.insiders.load(Ordering::Acquire) == 0;
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
