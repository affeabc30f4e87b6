//! [`Job`]: the handle of a background task that returns a result.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::task_body::TaskBody;
use crate::base::{Failure, Result};

/// The handle of a job: a background task with a result, started by [`Tasks::spawn_job`](super::Tasks::spawn_job).
///
/// Await the handle to take the result, or `&mut` of it in a timeout. The owner of the handle decides what a failure means: it
/// does not degrade the service, and the shutdown report does not contain it. If the handle is dropped before the result was
/// taken, the job continues, and a failure of it is an event. The shape is that of tokio's `JoinHandle`.
#[must_use = "the job runs anyway; await the handle to take its result, or drop it to say that nobody does"]
pub struct Job<T> {
    body: TaskBody,
    /// Absent if the job was refused.
    abort: Option<AbortHandle>,
    result: oneshot::Receiver<Result<T, Failure>>,
}

impl<T> Job<T> {
    pub(super) fn new(
        body: TaskBody,
        abort: Option<AbortHandle>,
        result: oneshot::Receiver<Result<T, Failure>>,
    ) -> Self {
        Self { body, abort, result }
    }

    /// The name of the job.
    pub fn name(&self) -> &str {
        self.body.name()
    }

    /// Asks the job to stop: inside it, [`Context::stopping`](super::Context::stopping) is cancelled and
    /// [`Context::sleep`](super::Context::sleep) ends.
    pub fn stop(&self) {
        self.body.stop().cancel();
    }

    /// Drops the future of the job at its next `await`. The result is then an error.
    pub fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }

    /// Whether the job has ended, or was refused.
    pub fn is_finished(&self) -> bool {
        self.abort.as_ref().is_none_or(AbortHandle::is_finished)
    }

    fn without_result(&self) -> Failure {
        let why = match &self.abort {
            Some(_) => "it was aborted",
            None => "it was refused: its service is stopping and starts no more tasks",
        };
        self.body.failure(Duration::ZERO, why.into())
    }
}

impl<T> Future for Job<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = Pin::new(&mut self.result).poll(cx);
        result.map(|sent| sent.unwrap_or_else(|_| Err(self.without_result())))
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.result.close();
        // The job has failed, and nobody has taken the result.
        if let Ok(Err(failure)) = self.result.try_recv() {
            self.body.report(&failure);
        }
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Sends the result to the handle of a job. If nobody can take a failure, it is an event.
pub(super) async fn run<T>(
    body: TaskBody,
    future: impl Future<Output = Result<T, Failure>>,
    handle: oneshot::Sender<Result<T, Failure>>,
) -> Result<(), Failure> {
    if let Err(Err(failure)) = handle.send(future.await) {
        body.report(&failure);
    }
    Ok(())
}
