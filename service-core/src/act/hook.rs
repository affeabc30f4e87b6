//! Runs one hook of a user in a task of its own, so that a hook that blocks, panics or hangs stops nobody else.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::{JoinError, yield_now};
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::panics;
use super::site::Deadline;
use crate::mechanism::ambient::{self, Frame};

/// How long an aborted hook may take to notice: it ends at its next `await`, unless it blocks its thread.
const GRACE: Duration = Duration::from_millis(500);

/// How a hook ended.
pub(crate) enum Ended<T> {
    Returned(T),
    Panicked(String),
    /// Its budget ran out; whether it then ended when it was dropped, or is still blocking its thread.
    Late { blocking: bool },
    /// It was given up.
    Aborted { blocking: bool },
}

/// Runs a hook until it ends, its deadline passes or it is given up. At the same instant, ending wins over being given
/// up, and that over being late.
pub(crate) async fn run<F>(frame: Frame, hook: F, deadline: &Deadline, abort: &CancellationToken) -> Ended<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut task = tokio::spawn(ambient::marked(frame, hook));
    loop {
        let until = deadline.get();
        let mut late = pin!(sleep_until(until));
        let mut aborted = pin!(abort.cancelled());
        let ended = poll_fn(|cx| {
            if let Poll::Ready(joined) = std::pin::Pin::new(&mut task).poll(cx) {
                return Poll::Ready(Some(joined_as_ended(joined)));
            }
            if aborted.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Some(Ended::Aborted { blocking: false }));
            }
            late.as_mut().poll(cx).map(|()| None)
        })
        .await;
        let given_up = match ended {
            Some(Ended::Aborted { .. }) => true,
            Some(ended) => return ended,
            // It has been extended since.
            None if deadline.get() > until => continue,
            None => {
                // Its own timer may have struck at the same instant: it has its turn before it is called late.
                yield_now().await;
                if task.is_finished() {
                    continue;
                }
                false
            }
        };
        task.abort();
        let blocking = timeout(GRACE, &mut task).await.is_err();
        return if given_up { Ended::Aborted { blocking } } else { Ended::Late { blocking } };
    }
}

fn joined_as_ended<T>(joined: Result<T, JoinError>) -> Ended<T> {
    match joined {
        Ok(output) => Ended::Returned(output),
        Err(error) => match error.try_into_panic() {
            Ok(payload) => Ended::Panicked(panics::message(payload)),
            // Only a runtime that is shutting down cancels it; then nobody is left to read this.
            Err(_) => Ended::Aborted { blocking: false },
        },
    }
}
