//! [`TaskBody`]: runs the future of one background task: once, after a delay, periodically, or again after it has ended.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::task_output::Work;
use crate::base::{BoxError, Failure, Phase, Restart, Result, Rng, Schedule, caught};
use crate::gate::Slot;
use crate::machine::{Next, Restarts};
use crate::report::EventKind;
use crate::shared::registries;

/// Makes the future of each run of a task.
pub(super) type Runs = Box<dyn FnMut() -> Work + Send>;

/// What the code inside one background task knows of it.
#[derive(Clone)]
pub(crate) struct TaskBody {
    slot: Arc<Slot>,
    task: Arc<str>,
    /// Cancelled when the service stops, or when this task is asked to.
    stop: CancellationToken,
}

impl TaskBody {
    pub(crate) fn new(slot: Arc<Slot>, task: Arc<str>, stop: CancellationToken) -> Self {
        Self { slot, task, stop }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.task
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// The task begins to run: if a task of this name has failed before, the service is no longer degraded by that.
    pub(crate) fn runs(&self) {
        self.slot.failed_tasks.remove(&self.task);
    }

    /// The task has failed and does not run: the service is degraded.
    pub(crate) fn failed(&self, failure: Failure, runs_again: bool) {
        self.report(&failure);
        self.slot.failed_tasks.insert(self.task.clone(), failure, runs_again);
    }

    /// Emits the event of a poll that blocked its thread for so long.
    pub(crate) fn blocked(&self, elapsed: Duration) {
        let (service, phase) = (self.slot.name.clone(), Phase::Task(self.task.clone()));
        self.slot.emit(EventKind::Blocking { service, phase, elapsed });
    }

    /// Emits the event of a failure.
    pub(crate) fn report(&self, failure: &Failure) {
        let (service, task) = (self.slot.name.clone(), self.task.clone());
        self.slot.emit(EventKind::TaskFailed { service, task, failure: failure.clone() });
    }

    pub(crate) fn panicked(&self, elapsed: Duration, message: String) -> Failure {
        Failure::panic(&self.slot.name, self.slot.location, Phase::Task(self.task.clone()), elapsed, message)
    }

    pub(crate) fn failure(&self, elapsed: Duration, error: BoxError) -> Failure {
        Failure::error(&self.slot.name, self.slot.location, Phase::Task(self.task.clone()), elapsed, error)
    }

    pub(crate) async fn job<T, E>(self, future: impl Future<Output = Result<T, E>>) -> Result<T, Failure>
    where
        E: Into<BoxError>,
    {
        let began = Instant::now();
        match caught::caught(future).await {
            Ok(ended) => ended.map_err(|error| self.failure(began.elapsed(), error.into())),
            Err(message) => Err(self.panicked(began.elapsed(), message)),
        }
    }

    pub(super) async fn once(self, work: Work) -> Result<(), Failure> {
        self.job(work).await
    }

    pub(super) async fn later(self, delay: Duration, work: Work) -> Result<(), Failure> {
        if self.pause(delay).await { self.job(work).await } else { Ok(()) }
    }

    pub(super) async fn every(self, every: Schedule, mut run: Runs) -> Result<(), Failure> {
        if !every.first().is_zero() && !self.pause(every.first()).await {
            return Ok(());
        }
        let began = Instant::now();
        let mut rng = Rng::new(None);
        loop {
            // The function may panic too.
            let ended = self.clone().job(async { run().await }).await;
            if let Err(failure) = &ended {
                self.report(failure);
            }
            let now = began.elapsed();
            let pause = every.turn_after(now, ended.is_err()).saturating_sub(now) + every.delay(rng.draw());
            if !self.pause(pause).await {
                return Ok(());
            }
        }
    }

    pub(super) async fn supervised(self, restart: Restart, mut run: Runs) -> Result<(), Failure> {
        let first = Instant::now();
        let (mut restarts, mut rng) = (Restarts::new(restart), Rng::new(restart.seed));
        loop {
            let began = Instant::now();
            let ended = self.clone().job(async { run().await }).await;
            if self.stop.is_cancelled() {
                return ended;
            }
            match restarts.after(first.elapsed(), began.elapsed(), ended.is_err(), rng.draw()) {
                Next::Over => return ended,
                Next::Again(delay) => {
                    if let Err(failure) = ended {
                        self.failed(failure, true);
                    }
                    let (service, task) = (self.slot.name.clone(), self.task.clone());
                    self.slot.emit(EventKind::TaskRestarting { service, task, delay });
                    if !self.pause(delay).await {
                        return Ok(());
                    }
                    self.runs();
                }
                Next::GiveUp => {
                    let failure = ended.err().unwrap_or_else(|| self.ended_too_often(began.elapsed()));
                    if let Some(shared) = registries::find(self.slot.registry) {
                        shared.escalate(self.slot.index, failure.clone());
                    }
                    return Err(failure);
                }
            }
        }
    }

    fn ended_too_often(&self, elapsed: Duration) -> Failure {
        self.failure(elapsed, "it ended too often, although it is to run always".into())
    }

    /// Sleeps. Returns false as soon as the service stops, or the task is asked to.
    async fn pause(&self, time: Duration) -> bool {
        self.stop.run_until_cancelled(sleep(time)).await.is_some()
    }
}
