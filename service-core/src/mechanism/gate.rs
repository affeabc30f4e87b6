//! [`Gate`]: admits while open, refuses once closed, tells when the last one has left. It knows no service.
//!
//! # State
//! - `open`: 0 while closed, else the token that whoever enters must show: the address of the instance behind the gate.
//!   So "is this value managed", "by this gate" and "is it up" are one comparison.
//! - `stripes[s].lanes[l]`: who is inside, counted by the thread's stripe and the method's lane. One enters and leaves
//!   on the same counter, so none is ever negative.
//! - `insiders`: who was let in although the gate was closed, because they are part of what the drain waits for.
//!
//! # Invariants
//! 1. Whoever is inside is counted, from before the call runs until after it has ended.
//! 2. Whoever is admitted counted itself *before* it read `open`, and whoever closes writes `open` *before* it reads the
//!    counters; both in the one total order of `SeqCst`. So of an `enter` and a `close` at least one sees the other: the
//!    call is refused, or the drain finds its count.
//! 3. After the gate is closed, the calls counted in a stripe only become fewer. (Somebody who is refused counts itself
//!    in and out again; that can delay the drain, never end it early.) So a counter that was seen at zero after closing
//!    has no admitted call for good, and the counters may be read one after the other.
//! 4. An insider is counted before the one whose part it is leaves. The drain reads `insiders` after all stripes: if it
//!    has seen that one gone, it sees the insider.
//! 5. Whoever leaves a closed gate looks for the drain's waker *after* counting itself out, and the drain stores its
//!    waker *before* it reads the counters. So the last to leave is seen, or wakes the drain.

use std::future::poll_fn;
use std::sync::PoisonError;
use std::task::{Poll, Waker};

pub(crate) use super::sync::LANES;
use super::sync::{AtomicU32, AtomicUsize, Mutex, MutexGuard, Ordering, STRIPES, stripe_of_this_thread, total_order};

/// A gate, closed until it is opened with a token.
#[derive(Debug)]
pub(crate) struct Gate {
    open: AtomicUsize,
    insiders: AtomicUsize,
    drain: Mutex<Option<Waker>>,
    stripes: [Stripe; STRIPES],
}

/// The counters of the threads that share it, alone on their cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Stripe {
    lanes: [AtomicU32; LANES],
}

/// Where somebody who is inside was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    stripe: u8,
    lane: u8,
}

impl Gate {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            open: AtomicUsize::new(0),
            insiders: AtomicUsize::new(0),
            drain: Mutex::new(None),
            stripes: [const { Stripe { lanes: [const { AtomicU32::new(0) }; LANES] } }; STRIPES],
        }
    }

    /// loom's atomics are made at run time.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        let stripe = |_| Stripe { lanes: std::array::from_fn(|_| AtomicU32::new(0)) };
        Self {
            open: AtomicUsize::new(0),
            insiders: AtomicUsize::new(0),
            drain: Mutex::new(None),
            stripes: std::array::from_fn(stripe),
        }
    }

    /// Admits whoever shows this token, which is not 0.
    pub(crate) fn open(&self, token: usize) {
        self.open.store(token, Ordering::SeqCst);
    }

    /// Admits nobody any more.
    pub(crate) fn close(&self) {
        self.open.store(0, Ordering::SeqCst);
        total_order();
    }

    /// Whether the gate is open for this token. A later `enter` may be refused all the same.
    #[inline]
    pub(crate) fn is_open(&self, token: usize) -> bool {
        self.open.load(Ordering::Acquire) == token
    }

    /// Counts the caller in, if the gate is open for this token.
    #[inline]
    pub(crate) fn enter(&self, token: usize, lane: u8) -> Option<Ticket> {
        // The common refusal costs one load and disturbs no drain.
        if !self.is_open(token) {
            return None;
        }
        let ticket = Ticket { stripe: stripe_of_this_thread() as u8, lane };
        // Invariant 2: counted first, then asked whether the gate is still open.
        self.counter(ticket).fetch_add(1, Ordering::SeqCst);
        total_order();
        if self.open.load(Ordering::SeqCst) == token {
            return Some(ticket);
        }
        self.leave(ticket, token);
        None
    }

    /// Counts the caller out.
    #[inline]
    pub(crate) fn leave(&self, ticket: Ticket, token: usize) {
        // Release, among others: what the call did happens before the drain that misses its count.
        self.counter(ticket).fetch_sub(1, Ordering::SeqCst);
        total_order();
        if self.open.load(Ordering::SeqCst) != token {
            self.wake();
        }
    }

    /// Counts in somebody who is part of what the drain waits for, whatever the gate says.
    pub(crate) fn enter_inside(&self) {
        self.insiders.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts out somebody who came in by `enter_inside`.
    pub(crate) fn leave_inside(&self) {
        self.insiders.fetch_sub(1, Ordering::SeqCst);
        total_order();
        self.wake();
    }

    /// How many are inside, by lane; the last entry is the insiders. Exact once the gate is closed and nobody moves.
    pub(crate) fn inside(&self) -> [usize; LANES + 1] {
        let mut inside = [0; LANES + 1];
        for stripe in &self.stripes {
            for (lane, counter) in stripe.lanes.iter().enumerate() {
                inside[lane] += counter.load(Ordering::SeqCst) as usize;
            }
        }
        // Invariant 4: after all stripes.
        inside[LANES] = self.insiders.load(Ordering::SeqCst);
        inside
    }

    /// Whether a closed gate has nobody inside.
    pub(crate) fn is_empty(&self) -> bool {
        self.inside().iter().all(|count| *count == 0)
    }

    /// Ends when nobody is inside a closed gate. One waits at a time.
    pub(crate) async fn empty(&self) {
        poll_fn(|cx| {
            // Invariant 5: the waker first, the counters then.
            *self.waker() = Some(cx.waker().clone());
            total_order();
            if self.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[inline]
    fn counter(&self, ticket: Ticket) -> &AtomicU32 {
        // Both are taken modulo a power of two, so the compiler needs no bounds check.
        &self.stripes[ticket.stripe as usize % STRIPES].lanes[ticket.lane as usize % LANES]
    }

    #[cold]
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
