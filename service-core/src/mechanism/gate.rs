//! [`Gate`]: admits while open, refuses once closed, tells when the last one has left. It knows no service.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

/// Bit 0 of the state: nobody is admitted any more. The rest counts who is inside.
const CLOSED: usize = 1;
const ONE: usize = 2;

/// A gate that starts closed.
///
/// 1. A call is counted in `state` from before it runs until after it has ended.
/// 2. `enter` and `close` change one word, so an `enter` is either counted before the gate closed, and the drain waits
///    for it, or it sees the closed bit and is refused.
/// 3. Once closed, the count rises only through `enter_anyway`, which only somebody who is inside may call; so a drain
///    that has seen zero has seen the end.
#[derive(Debug)]
pub(crate) struct Gate {
    state: AtomicUsize,
    drain: Mutex<Option<Waker>>,
}

impl Gate {
    pub(crate) const fn new() -> Self {
        Self { state: AtomicUsize::new(CLOSED), drain: Mutex::new(None) }
    }

    pub(crate) fn open(&self) {
        self.state.fetch_and(!CLOSED, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Counts the caller in, unless the gate is closed.
    pub(crate) fn enter(&self) -> bool {
        self.state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |state| {
                (state & CLOSED == 0).then_some(state + ONE)
            })
            .is_ok()
    }

    /// Counts the caller in although the gate may be closed. Only for somebody who is inside already, or whom the
    /// drain waits for in another way.
    pub(crate) fn enter_anyway(&self) {
        self.state.fetch_add(ONE, Ordering::Acquire);
    }

    /// Counts the caller out.
    pub(crate) fn leave(&self) {
        // Release: what the call did is visible to the drain that sees the count without it.
        let before = self.state.fetch_sub(ONE, Ordering::AcqRel);
        if before == CLOSED + ONE {
            if let Some(waker) = self.lock().take() {
                waker.wake();
            }
        }
    }

    /// How many are inside.
    pub(crate) fn inside(&self) -> usize {
        self.state.load(Ordering::Acquire) / ONE
    }

    /// Ends when nobody is inside a closed gate. One waits at a time.
    pub(crate) async fn empty(&self) {
        poll_fn(|cx| {
            // The waker is in place before the count is read: a `leave` in between finds it.
            *self.lock() = Some(cx.waker().clone());
            if self.state.load(Ordering::Acquire) == CLOSED { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
