//! [`Pulse`]: signs of life of a future that somebody else polls: when it was last polled, whether it is being polled
//! right now, and whether anything has woken it since.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::fact::lasted;
use crate::mechanism::pin_project;

/// A poll that takes this long is called blocking: it keeps everything else on its thread from running.
pub(crate) const BLOCKING: Duration = Duration::from_millis(500);

/// Signs of life of one future. On the wall clock, because a blocked thread does not move the runtime's.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    beat: Mutex<Beat>,
    polled: Notify,
}

#[derive(Debug, Default)]
struct Beat {
    polls: u64,
    polling_since: Option<Instant>,
    woken_since: bool,
    longest_poll: Duration,
    ended: bool,
}

impl Pulse {
    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long it has been blocking its thread, if it is.
    pub(crate) fn blocking(&self) -> Option<Duration> {
        self.lock().polling_since.map(|since| since.elapsed()).filter(|time| *time >= BLOCKING)
    }

    /// The longest that it has blocked its thread, if it has.
    pub(crate) fn has_blocked(&self) -> Option<Duration> {
        let longest = self.lock().longest_poll;
        (longest >= BLOCKING).then_some(longest)
    }

    /// Waits until it has been polled for everything that has woken it, and for what else is due at this very instant.
    /// Does not come back if it has ended: whoever waits for that is told by its task.
    pub(crate) async fn caught_up(&self) {
        yield_now().await;
        loop {
            let polled = self.polled.notified();
            if self.lock().has_caught_up() {
                break;
            }
            polled.await;
        }
    }

    /// What it is doing, for a message.
    pub(crate) fn describe(&self) -> String {
        let beat = self.lock();
        if let Some(since) = beat.polling_since {
            let time = lasted(since.elapsed());
            return format!(
                "it is blocking its thread for {time:?}; work that does not await belongs in spawn_blocking"
            );
        }
        match (beat.polls, beat.woken_since) {
            (0, _) => "it was never polled: the runtime is busy or blocked".to_owned(),
            (1, false) => "polled once, then pending, and nothing has woken it since".to_owned(),
            (polls, false) => format!("polled {polls} times, then pending, and nothing has woken it since"),
            (_, true) => "it was woken, but not polled since: the runtime is busy or blocked".to_owned(),
        }
    }
}

impl Beat {
    /// Whether it has had its turn: it is in the middle of it, or nothing has woken it since the last one.
    fn has_caught_up(&self) -> bool {
        !self.ended && (self.polling_since.is_some() || self.polls > 0 && !self.woken_since)
    }
}

pin_project! {
    /// A future whose pulse is taken.
    pub(crate) struct Felt<F> {
        pulse: Arc<Pulse>,
        #[pin]
        future: F,
    }
}

/// Takes the pulse of a future.
pub(crate) fn felt<F: Future>(pulse: Arc<Pulse>, future: F) -> Felt<F> {
    Felt { pulse, future }
}

impl<F: Future> Future for Felt<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let waker = Waker::from(Arc::new(Noting { pulse: this.pulse.clone(), waker: cx.waker().clone() }));
        let began = Instant::now();
        {
            let mut beat = this.pulse.lock();
            beat.polls += 1;
            beat.woken_since = false;
            beat.polling_since = Some(began);
        }
        // Also when the poll panics: a future that has ended is not blocking.
        let mut polled = Polled { pulse: this.pulse, began, pending: false };
        let poll = this.future.poll(&mut Context::from_waker(&waker));
        polled.pending = poll.is_pending();
        poll
    }
}

struct Polled<'a> {
    pulse: &'a Pulse,
    began: Instant,
    pending: bool,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        let mut beat = self.pulse.lock();
        beat.polling_since = None;
        beat.longest_poll = beat.longest_poll.max(self.began.elapsed());
        beat.ended = !self.pending;
        drop(beat);
        self.pulse.polled.notify_waiters();
    }
}

/// Wakes the task, and notes that it did.
struct Noting {
    pulse: Arc<Pulse>,
    waker: Waker,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.pulse.lock().woken_since = true;
        self.waker.wake_by_ref();
    }
}
