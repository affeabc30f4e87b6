//! [`PredictedStart`] and [`PredictedStop`]: what the rules say about how long one service takes to start, to be unwound
//! and to stop, if nothing interferes. They follow from its part of the scenario alone. Durations are in milliseconds.

use crate::scenario::{Behaviour, Outcome, ServiceSpec};

/// Longer than any duration of a scenario.
const NEVER: u64 = u64::MAX / 4;

/// The phase of a start in which a service fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartPhase {
    Init,
    Start,
    Health,
}

/// How a service fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureCause {
    Error,
    Panic,
    TimedOut,
}

/// What a service is doing during its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartStage {
    /// An attempt, and when its `init` ends.
    Attempt { init_until: u64 },
    /// Unwinding a failed attempt, and how that ends.
    Unwind(ExpectedStop),
    /// The delay between two attempts, and how unwinding the first of them ended.
    Backoff(ExpectedStop),
}

/// A failure of a supervised task.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskFailure {
    /// How long after its attempt began.
    pub at: u64,
    /// Whether the task is not restarted. If it is, and its service stops at the same instant, either may come first.
    pub is_permanent: bool,
}

/// How a service starts, or fails to.
#[derive(Clone, Debug)]
pub(super) struct PredictedStart {
    /// The stages, each with its begin and its end.
    pub stages: Vec<(u64, u64, StartStage)>,
    /// When it is ready, or has failed.
    pub takes: u64,
    /// When its last attempt is unwound, if that fails.
    pub unwound_at: u64,
    /// In which phase it fails and how, if it does.
    pub fails: Option<(StartPhase, FailureCause)>,
    /// How unwinding the last attempt ends.
    pub unwound: ExpectedStop,
    /// The deadline was extended at the very instant at which it expired, so either may have come first.
    pub is_ambiguous: bool,
    /// The number of the last attempt, counted across all incarnations.
    pub last_attempt: u32,
    /// How its supervised task fails.
    pub task_failure: Option<TaskFailure>,
}

/// How a stop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpectedStop {
    Clean,
    Failed,
    Abandoned,
}

/// How a service stops, or is unwound.
#[derive(Clone, Copy, Debug)]
pub(super) struct PredictedStop {
    /// How long joining its background tasks takes.
    pub drain: u64,
    /// How long `shutdown` and the cleanups take.
    pub hooks: u64,
    pub outcome: ExpectedStop,
    pub is_ambiguous: bool,
}

/// Hooks that run one after the other under one deadline.
struct HookSequence {
    now: u64,
    deadline: u64,
    is_ambiguous: bool,
}

impl HookSequence {
    /// Runs one hook, and returns how it fails, if it does.
    fn run(&mut self, hook: Behaviour) -> Option<FailureCause> {
        if let Some((after, by)) = hook.extends {
            let extended_at = self.now + after;
            self.is_ambiguous |= extended_at == self.deadline;
            if extended_at <= self.deadline {
                self.deadline = self.deadline.max(extended_at + by);
            }
        }
        let ends = if hook.outcome == Outcome::Hang { NEVER } else { self.now + hook.takes };
        // A hook that ends at the instant of its deadline is in time.
        if ends > self.deadline {
            self.now = self.now.max(self.deadline);
            return Some(FailureCause::TimedOut);
        }
        self.now = ends;
        match hook.outcome {
            Outcome::Error => Some(FailureCause::Error),
            Outcome::Panic(_) => Some(FailureCause::Panic),
            _ => None,
        }
    }
}

impl ServiceSpec {
    /// How it starts after this many attempts of earlier incarnations, if its supervised task fails like this.
    pub(super) fn predict_start(&self, earlier_attempts: u32, task_failure: Option<TaskFailure>) -> PredictedStart {
        let mut stages = Vec::new();
        let mut sequence = HookSequence { now: 0, deadline: self.init_timeout, is_ambiguous: false };
        let mut number = earlier_attempts + 1;
        loop {
            let began = sequence.now;
            let mut fails = sequence.run(self.init(number)).map(|cause| (StartPhase::Init, cause));
            let init_until = sequence.now;
            if let (None, Some(start)) = (fails, self.start) {
                fails = sequence.run(start).map(|cause| (StartPhase::Start, cause));
            }
            if let (None, Some(health)) = (fails, self.health) {
                fails = sequence.run(health).map(|cause| (StartPhase::Health, cause));
            }
            stages.push((began, sequence.now, StartStage::Attempt { init_until }));
            let Some((phase, cause)) = fails else {
                return PredictedStart {
                    stages,
                    takes: sequence.now,
                    unwound_at: sequence.now,
                    fails: None,
                    unwound: ExpectedStop::Clean,
                    is_ambiguous: sequence.is_ambiguous,
                    last_attempt: number,
                    task_failure,
                };
            };
            // An `init` that times out has not deferred its late cleanups.
            let init_ended = phase != StartPhase::Init || cause != FailureCause::TimedOut;
            let unwind = self.predict_unwind(sequence.now - began, init_ended, task_failure);
            sequence.is_ambiguous |= unwind.is_ambiguous;
            stages.push((sequence.now, sequence.now + unwind.takes(), StartStage::Unwind(unwind.outcome)));
            let failed_at = sequence.now;
            sequence.now += unwind.takes();
            let delay = self.backoff_after(number - earlier_attempts).filter(|_| cause != FailureCause::TimedOut);
            // Whether there is time for another attempt is decided at the failure, and again when it is unwound.
            let delay = delay.filter(|delay| failed_at + delay < sequence.deadline);
            match delay {
                Some(delay) if sequence.now + delay < sequence.deadline => {
                    stages.push((sequence.now, sequence.now + delay, StartStage::Backoff(unwind.outcome)));
                    sequence.now += delay;
                    number += 1;
                }
                _ => {
                    return PredictedStart {
                        stages,
                        takes: if delay.is_some() { sequence.now } else { failed_at },
                        unwound_at: sequence.now,
                        fails: Some((phase, cause)),
                        unwound: unwind.outcome,
                        is_ambiguous: sequence.is_ambiguous,
                        last_attempt: number,
                        task_failure,
                    };
                }
            }
        }
    }

    /// The delay before the next attempt, if there is one.
    fn backoff_after(&self, attempt: u32) -> Option<u64> {
        (attempt < self.attempts).then(|| (self.retry_delay << (attempt - 1)).min(4 * self.retry_delay))
    }

    /// How an attempt is unwound after this time; `init_ended` tells whether its `init` ended by itself.
    fn predict_unwind(&self, elapsed: u64, init_ended: bool, task_failure: Option<TaskFailure>) -> PredictedStop {
        self.predict_end(elapsed, init_ended, None, task_failure)
    }

    /// How it stops, this long after the successful attempt began.
    pub(super) fn predict_stop(&self, elapsed: u64, task_failure: Option<TaskFailure>) -> PredictedStop {
        self.predict_end(elapsed, true, self.shutdown, task_failure)
    }

    fn predict_end(
        &self,
        elapsed: u64,
        init_ended: bool,
        shutdown: Option<Behaviour>,
        task_failure: Option<TaskFailure>,
    ) -> PredictedStop {
        let mut failed = task_failure.is_some_and(|failure| failure.is_permanent && failure.at < elapsed);
        let mut abandoned = false;
        let mut drain = 0;
        for task in &self.background_tasks {
            let takes = if task.behaviour.outcome == Outcome::Hang { NEVER } else { task.behaviour.takes };
            let left = match task.runs {
                Some(time) => (time + takes).saturating_sub(elapsed),
                None => takes,
            };
            if left > self.drain_timeout {
                abandoned = true;
            } else {
                failed |= !task.behaviour.outcome.is_success();
            }
            drain = drain.max(left.min(self.drain_timeout));
        }
        // If the task fails at the very instant of the stop, either may come first.
        let is_ambiguous = task_failure.is_some_and(|failure| failure.at == elapsed);
        let mut sequence = HookSequence { now: 0, deadline: self.shutdown_timeout, is_ambiguous };
        let late = self.cleanups.iter().filter(|it| !it.early).rev().filter(|_| init_ended);
        let cleanups = late.chain(self.cleanups.iter().filter(|it| it.early).rev());
        for hook in shutdown.into_iter().chain(cleanups.map(|it| it.behaviour)) {
            match sequence.run(hook) {
                Some(FailureCause::TimedOut) => abandoned = true,
                cause => failed |= cause.is_some(),
            }
        }
        let outcome = match () {
            () if abandoned => ExpectedStop::Abandoned,
            () if failed => ExpectedStop::Failed,
            () => ExpectedStop::Clean,
        };
        PredictedStop { drain, hooks: sequence.now, outcome, is_ambiguous: sequence.is_ambiguous }
    }
}

impl PredictedStart {
    /// When and how it is unwound if it is aborted at `at`; `None` if it has failed by itself. There are two answers if two
    /// stages meet at that instant.
    pub(super) fn predict_abort(&self, spec: &ServiceSpec, at: u64) -> Vec<Option<(u64, PredictedStop)>> {
        let mut answers = Vec::new();
        for &(from, to, stage) in &self.stages {
            if !(from..=to).contains(&at) {
                continue;
            }
            match stage {
                StartStage::Attempt { init_until } => {
                    let elapsed = at - from;
                    if elapsed == 0 {
                        // Before the first hook began.
                        answers.push(Some((at, PredictedStop::of_hooks(0, ExpectedStop::Clean))));
                    }
                    if at <= init_until {
                        answers.push(Some((at, spec.predict_unwind(elapsed, false, self.task_failure))));
                    }
                    if at >= init_until {
                        answers.push(Some((at, spec.predict_unwind(elapsed, true, self.task_failure))));
                    }
                }
                StartStage::Unwind(outcome) if self.fails.is_some() && self.takes <= at => {
                    answers.push(None);
                    if at == to && at == self.takes {
                        // It was to be tried again, until unwinding it had used up the budget.
                        answers.push(Some((at, PredictedStop::of_hooks(0, outcome))));
                    }
                }
                StartStage::Unwind(outcome) => answers.push(Some((at, PredictedStop::of_hooks(to - at, outcome)))),
                StartStage::Backoff(outcome) => answers.push(Some((at, PredictedStop::of_hooks(0, outcome)))),
            }
        }
        answers
    }

    fn attempts_begin(&self) -> impl DoubleEndedIterator<Item = u64> {
        let attempts = self.stages.iter().filter(|(_, _, stage)| matches!(stage, StartStage::Attempt { .. }));
        attempts.map(|&(from, ..)| from)
    }

    /// Whether an attempt is unwound until then, and with this outcome.
    pub(super) fn is_unwound_at(&self, at: u64, is_outcome: impl Fn(ExpectedStop) -> bool) -> bool {
        let mut stages = self.stages.iter();
        stages.any(|&(_, to, stage)| matches!(stage, StartStage::Unwind(outcome) if to == at && is_outcome(outcome)))
    }

    /// When the last attempt begins.
    pub(super) fn last_attempt_begins(&self) -> u64 {
        self.attempts_begin().next_back().unwrap_or(0)
    }

    /// The number of attempts.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts_begin().count() as u32
    }
}

impl PredictedStop {
    /// A stop without background tasks.
    pub(super) fn of_hooks(hooks: u64, outcome: ExpectedStop) -> Self {
        Self { drain: 0, hooks, outcome, is_ambiguous: false }
    }

    /// The whole stop.
    pub(super) fn takes(self) -> u64 {
        self.drain + self.hooks
    }
}
