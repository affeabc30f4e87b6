//! [`PollMonitor`]: poll statistics of a future in another task: when it was last polled, whether it is being polled
//! right now, and whether anything has woken it since.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::deadline::rest_of_instant;
use crate::base::{Mutex, MutexGuard, pin_project};
use crate::base::{Phase, lasted};

/// A poll that takes this long is called blocking: it keeps everything else on its thread from running.
pub(crate) const BLOCKING: Duration = Duration::from_millis(500);

/// Poll statistics of one future. On the wall clock, because the paused clock of a runtime does not move on a blocked thread.
#[derive(Debug, Default)]
pub(crate) struct PollMonitor {
    state: Mutex<PollState>,
    polled: Notify,
}

#[derive(Debug, Default)]
struct PollState {
    polls: u64,
    /// When it was polled last, on the clock of the runtime.
    last_poll: Option<tokio::time::Instant>,
    polling_since: Option<Instant>,
    woken_since: bool,
    /// The longest that it has blocked its thread, and in what phase.
    longest_poll: (Duration, Option<Phase>),
    ended: bool,
    phase: Option<Phase>,
    /// Since when it has been in that phase, as far as this poll is concerned.
    phase_since: Option<Instant>,
    /// The phase that has taken most of this poll, before the one that it is in.
    longest_phase: (Duration, Option<Phase>),
}

impl PollMonitor {
    /// Of a future that begins in this phase.
    pub(crate) fn of(phase: Phase) -> Self {
        let monitor = Self::default();
        monitor.lock().phase = Some(phase);
        monitor
    }

    /// From here on it is in this phase; one poll may see several.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        state.longest_phase = state.main_phase();
        state.phase = Some(phase);
        state.phase_since = state.polling_since.map(|_| Instant::now());
    }

    fn begin_poll(&self, now: Instant) {
        let mut state = self.lock();
        state.polls += 1;
        state.last_poll = Some(tokio::time::Instant::now());
        state.woken_since = false;
        state.polling_since = Some(now);
        state.phase_since = Some(now);
        state.longest_phase = (Duration::ZERO, None);
    }

    fn end_poll(&self, pending: bool) {
        let mut state = self.lock();
        let lasted = state.polling_since.map_or(Duration::ZERO, |since| since.elapsed());
        if lasted > state.longest_poll.0 {
            state.longest_poll = (lasted, state.main_phase().1);
        }
        state.polling_since = None;
        state.phase_since = None;
        state.ended = !pending;
        drop(state);
        self.polled.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, PollState> {
        self.state.lock()
    }

    /// For how long it has been blocking its thread, if it is.
    pub(crate) fn blocking(&self) -> Option<Duration> {
        self.lock().polling_since.map(|since| since.elapsed()).filter(|time| *time >= BLOCKING)
    }

    /// In which phase it is blocking its thread.
    pub(crate) fn blocking_in(&self) -> Option<Phase> {
        self.lock().main_phase().1
    }

    /// The longest that it has blocked its thread, if it has, and in which phase.
    pub(crate) fn has_blocked(&self) -> Option<(Duration, Option<Phase>)> {
        let longest = self.lock().longest_poll.clone();
        (longest.0 >= BLOCKING).then_some(longest)
    }

    /// Waits until it has been polled for everything that has woken it, and for what else is due at this very instant.
    /// Never returns if it has ended; its task reports that.
    pub(crate) async fn caught_up(&self) {
        rest_of_instant().await;
        loop {
            let polled = self.polled.notified();
            if self.lock().has_caught_up() {
                break;
            }
            polled.await;
        }
    }

    /// A clause for a message about what it is doing.
    pub(crate) fn describe(&self) -> String {
        let state = self.lock();
        if let Some(since) = state.polling_since {
            let time = lasted(since.elapsed());
            return format!(
                "it is blocking its thread for {time:?}; work that does not await belongs in spawn_blocking"
            );
        }
        let what = match (state.polls, state.woken_since) {
            (1, false) => "polled once, then pending, and nothing has woken it since".to_owned(),
            (polls, false) => format!("polled {polls} times, then pending, and nothing has woken it since"),
            (_, true) => "it was woken, but not polled since: the runtime is busy or blocked".to_owned(),
        };
        match state.last_poll {
            Some(last) => format!("{what}; the last poll was {:?} ago", lasted(last.elapsed())),
            None => "it was never polled: the runtime is busy or blocked".to_owned(),
        }
    }
}

impl PollState {
    /// The phase that has taken most of this poll so far, and how much.
    fn main_phase(&self) -> (Duration, Option<Phase>) {
        let present = self.phase_since.map_or(Duration::ZERO, |since| since.elapsed());
        if present >= self.longest_phase.0 { (present, self.phase.clone()) } else { self.longest_phase.clone() }
    }

    /// Whether it has had its turn: it is in the middle of it, or nothing has woken it since the last one.
    fn has_caught_up(&self) -> bool {
        !self.ended && (self.polling_since.is_some() || self.polls > 0 && !self.woken_since)
    }
}

pin_project! {
    /// A future whose polls are monitored, and its drop like a poll.
    pub(crate) struct Monitored<F> {
        // Fields are dropped in order.
        monitor: DropBegins,
        #[pin]
        future: F,
        after_drop: DropEnds,
    }
}

/// Marks that its future is about to be dropped.
struct DropBegins(Arc<PollMonitor>);

impl Drop for DropBegins {
    fn drop(&mut self) {
        self.0.begin_poll(Instant::now());
    }
}

/// Marks that its future was dropped.
struct DropEnds(Arc<PollMonitor>);

impl Drop for DropEnds {
    fn drop(&mut self) {
        self.0.end_poll(false);
    }
}

/// Monitors the polls of a future.
pub(crate) fn monitored<F: Future>(monitor: Arc<PollMonitor>, future: F) -> Monitored<F> {
    let after_drop = DropEnds(monitor.clone());
    Monitored { monitor: DropBegins(monitor), future, after_drop }
}

impl<F: Future> Future for Monitored<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let monitor = &this.monitor.0;
        let waker = Waker::from(Arc::new(WakeRecorder { monitor: monitor.clone(), waker: cx.waker().clone() }));
        monitor.begin_poll(Instant::now());
        // Also when the poll panics: a future that has ended is not blocking.
        let mut polled = Polled { monitor, pending: false };
        let poll = this.future.poll(&mut Context::from_waker(&waker));
        polled.pending = poll.is_pending();
        poll
    }
}

struct Polled<'a> {
    monitor: &'a PollMonitor,
    pending: bool,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.monitor.end_poll(self.pending);
    }
}

/// Wakes the task, and records that.
struct WakeRecorder {
    monitor: Arc<PollMonitor>,
    waker: Waker,
}

impl Wake for WakeRecorder {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.monitor.lock().woken_since = true;
        self.waker.wake_by_ref();
    }
}
