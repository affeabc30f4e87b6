//! Runs one hook of a user in a task of its own, so that a hook that blocks, panics or hangs stops nobody else.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::diagnostics;
use crate::base::{Phase, Result, UserError, caught, lasted};
use crate::gate::context_stack::{self, Role};
use crate::report::EventKind;
use crate::service::Incarnation;
use crate::shared::{PollMonitor, poll_monitor};

/// How long an aborted hook may take to notice: it ends at its next `await`, unless it blocks its thread.
const ABORT_GRACE: Duration = Duration::from_millis(500);

/// The same, if the common budget of all services is used up.
const MIN_ABORT_GRACE: Duration = Duration::from_millis(10);

/// How a hook ended.
pub(crate) enum Ended<T> {
    Returned(Result<T, UserError>),
    Panicked(String),
    /// Its budget ran out.
    Late {
        /// What is known about why.
        detail: String,
        left: Left<T>,
    },
    /// It was given up.
    Aborted {
        detail: String,
        left: Left<T>,
    },
}

/// What is left of a hook that was abandoned.
pub(crate) enum Left<T> {
    Nothing,
    /// What it has returned, because it blocked its thread until after its deadline.
    Returned(T),
    /// It may not have noticed yet.
    Running(GivenUp<T>),
}

/// A hook that was told to end. It ends at its next `await`, unless it blocks its thread.
pub(crate) struct GivenUp<T> {
    task: JoinHandle<Result<T, UserError>>,
    monitor: Arc<PollMonitor>,
    began: Instant,
    late: Duration,
    reported_blocking: bool,
}

impl<T> GivenUp<T> {
    /// Waits for its end, but not for long. Returns what it came to, if it did not end by being dropped.
    pub(crate) async fn end(mut self, incarnation: &Incarnation) -> Option<Result<T, UserErrorOrPanic>> {
        let grace = incarnation.deadline.common().map_or(ABORT_GRACE, |left| left.clamp(MIN_ABORT_GRACE, ABORT_GRACE));
        let joined = timeout(grace, &mut self.task).await;
        let Self { monitor, began, late, reported_blocking, .. } = self;
        let mut watch = Watch { incarnation, monitor, began, late, reported_blocking };
        let Ok(joined) = joined else {
            watch.look();
            return None;
        };
        watch.ended();
        match joined {
            Ok(returned) => Some(returned.map_err(UserErrorOrPanic::Error)),
            Err(error) => panic_message(error).map(|message| Err(UserErrorOrPanic::Panic(message))),
        }
    }
}

/// How a hook failed.
pub(crate) enum UserErrorOrPanic {
    Error(UserError),
    Panic(String),
}

/// When a hook is first called late; then after twice that, and so on.
const LATE: Duration = Duration::from_secs(5);

/// A hook that blocks its thread is looked for this early.
const LOOK: Duration = Duration::from_secs(1);

/// Runs a hook until it ends, the incarnation's deadline passes or it is given up. At the same instant, ending wins over being
/// given up, and that over being late. While it lasts, events tell that it is late, or that it blocks its thread.
pub(crate) async fn run<F, T>(incarnation: &Incarnation, role: Role, hook: F, abort: &CancellationToken) -> Ended<T>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let monitor = incarnation.new_monitor();
    let mut watch =
        Watch { incarnation, monitor: monitor.clone(), began: Instant::now(), late: LATE, reported_blocking: false };
    // The error is formatted in the same task, because that runs the user's code too.
    let is_aborted = abort.clone();
    let hook = async move {
        if is_aborted.is_cancelled() {
            // It was given up before another thread has begun with it.
            std::future::pending::<()>().await;
        }
        hook.await.map_err(UserError::from)
    };
    let mut task = tokio::spawn(context_stack::with_context(
        incarnation.slot.frame(role),
        poll_monitor::monitored(monitor.clone(), hook),
    ));
    let mut look = watch.began + LOOK;
    let mut is_last_turn = false;
    let given_up = loop {
        let last_turn = is_last_turn.then(|| monitor.caught_up());
        let mut wake = pin!(async move {
            match last_turn {
                // Bounded, because something else may block the thread that it is to run on.
                Some(turn) => drop(timeout(ABORT_GRACE, turn).await),
                None => drop(incarnation.deadline.passed_or(Some(look)).await),
            }
        });
        let mut aborted = pin!(abort.cancelled());
        let ended = poll_fn(|cx| {
            if let Poll::Ready(joined) = Pin::new(&mut task).poll(cx) {
                return Poll::Ready(Some(joined_as_ended(joined)));
            }
            if aborted.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Some(Ended::Aborted { detail: String::new(), left: Left::Nothing }));
            }
            wake.as_mut().poll(cx).map(|()| None)
        })
        .await;
        match ended {
            Some(Ended::Aborted { .. }) => break true,
            Some(ended) => {
                watch.ended();
                return watch.in_time(ended);
            }
            // It may have been extended since.
            None if incarnation.deadline.get() > Instant::now() => {
                is_last_turn = false;
                look = watch.look();
            }
            None if is_last_turn => break false,
            // It may be about to end, in time: woken as we were, and not polled yet.
            None => is_last_turn = true,
        }
    };
    let detail = watch.detail();
    task.abort();
    let Watch { began, late, reported_blocking, .. } = watch;
    let left = Left::Running(GivenUp { task, monitor, began, late, reported_blocking });
    if given_up { Ended::Aborted { detail, left } } else { Ended::Late { detail, left } }
}

/// Looks at a hook while it runs.
struct Watch<'a> {
    incarnation: &'a Incarnation,
    monitor: Arc<PollMonitor>,
    began: Instant,
    /// After how long it is next reported as late.
    late: Duration,
    reported_blocking: bool,
}

impl Watch<'_> {
    /// Reports a hook that blocks its thread or is late. Returns when to look again.
    fn look(&mut self) -> Instant {
        let service = self.incarnation.slot.name.clone();
        if let Some(elapsed) = self.monitor.blocking().filter(|_| !self.reported_blocking) {
            self.reported_blocking = true;
            self.report_blocking(elapsed, self.monitor.blocking_in());
        }
        let elapsed = self.began.elapsed();
        if elapsed >= self.late {
            self.late = elapsed * 2;
            let (phase, detail) = (self.incarnation.phase(), self.detail());
            self.incarnation.slot.emit(EventKind::Late { service, phase, elapsed, detail });
        }
        self.began + self.late
    }

    /// The hook has ended. If it blocked its thread and no report was possible at the time, this reports it.
    fn ended(&mut self) {
        let Some((longest, phase)) = self.monitor.has_blocked() else { return };
        self.incarnation.slot.times().blocked = Some(longest);
        if !self.reported_blocking {
            self.report_blocking(longest, phase);
        }
    }

    /// A hook that has blocked its thread until after its deadline is late, although it has ended: on a runtime with several
    /// threads, it is given up at the deadline.
    fn in_time<T>(&self, ended: Ended<T>) -> Ended<T> {
        let is_late = self.incarnation.deadline.get() < Instant::now();
        match (ended, self.monitor.has_blocked()) {
            (Ended::Returned(Ok(returned)), Some((longest, _))) if is_late => {
                let longest = lasted(longest);
                let detail = format!(
                    "it blocked its thread for {longest:?}; work that does not await belongs in spawn_blocking"
                );
                Ended::Late { detail, left: Left::Returned(returned) }
            }
            (ended, _) => ended,
        }
    }

    /// Names the phase that blocked: the hook may have reached another one meanwhile.
    fn report_blocking(&self, elapsed: Duration, phase: Option<Phase>) {
        let (service, phase) = (self.incarnation.slot.name.clone(), phase.unwrap_or_else(|| self.incarnation.phase()));
        self.incarnation.slot.emit(EventKind::Blocking { service, phase, elapsed });
    }

    /// Everything that is known about why it takes so long.
    fn detail(&self) -> String {
        let mut detail = self.monitor.describe();
        if let Some(words) = &self.incarnation.slot.times().progress {
            detail.push_str(", it last said: ");
            detail.push_str(words);
        }
        for clause in diagnostics::waits(&self.incarnation.shared, self.incarnation.slot.index) {
            detail.push_str(", ");
            detail.push_str(&clause);
        }
        detail
    }
}

fn joined_as_ended<T>(joined: Result<Result<T, UserError>, JoinError>) -> Ended<T> {
    match joined {
        Ok(output) => Ended::Returned(output),
        Err(error) => match panic_message(error) {
            Some(message) => Ended::Panicked(message),
            // Only a runtime that is shutting down cancels it; then nobody is left to read this.
            None => Ended::Aborted { detail: String::new(), left: Left::Nothing },
        },
    }
}

fn panic_message(error: JoinError) -> Option<String> {
    error.try_into_panic().ok().map(caught::message)
}
