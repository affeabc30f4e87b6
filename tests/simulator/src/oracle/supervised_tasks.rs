//! Replays the runs of the supervised tasks from the trace: each task must be restarted exactly when its policy says so,
//! after exactly the policy's delay. Collects the failure with which each task ended.

use std::collections::BTreeMap;
use std::time::Duration;

use service_core::EventKind;

use super::ensure::ensure;
use super::restart_history::{RestartDecision, RestartHistory};
use crate::Run;
use crate::scenario::{Scenario, SupervisedTask, ms};
use crate::trace::{Hook, HookEvent, TraceEntry};

/// The latest failure of a supervised task.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObservedFailure {
    pub at: Duration,
    /// The task is not restarted.
    pub is_permanent: bool,
    /// The task reached its restart limit, so its failure is the failure of its service.
    pub escalates: bool,
}

/// The latest failures of the supervised tasks of one service, by the attempt that spawned the task.
pub(super) type TaskFailures = BTreeMap<u32, ObservedFailure>;

/// The supervised task that one attempt spawned.
struct TaskModel {
    history: RestartHistory,
    run_began: Duration,
    is_running: bool,
    /// When it must run again.
    runs_again_at: Option<Duration>,
    is_done: bool,
}

/// Replays the supervised tasks of a run; returns the failures of each service.
pub(super) fn replay(scenario: &Scenario, run: &Run) -> Result<Vec<TaskFailures>, String> {
    let mut failures = vec![TaskFailures::new(); scenario.services.len()];
    let mut tasks: BTreeMap<(usize, u32), TaskModel> = BTreeMap::new();
    let mut delays = Vec::new();
    for entry in &run.trace {
        let Hook::SupervisedTask(attempt, number) = entry.hook else { continue };
        let service = entry.service;
        let Some(spec) = &scenario.services[service].supervised_task else {
            return Err(format!("{service} has no supervised task"));
        };
        let task = tasks.entry((service, attempt)).or_insert_with(|| TaskModel {
            history: RestartHistory::new(spec.policy),
            run_began: entry.at,
            is_running: false,
            runs_again_at: Some(entry.at),
            is_done: false,
        });
        let failure = task.replay(spec, number, entry).map_err(|violation| format!("{entry:?}: {violation}"))?;
        if let Some(again) = task.runs_again_at.filter(|_| !task.is_running) {
            delays.push((entry.at, service, again - entry.at));
        }
        match failure {
            Some(failure) => failures[service].insert(attempt, failure),
            None => failures[service].remove(&attempt),
        };
    }
    for event in &run.events {
        if let EventKind::TaskRestarting { service, delay, .. } = &event.kind {
            let reported = (event.at, Scenario::index(service), *delay);
            let Some(index) = delays.iter().position(|delay| *delay == reported) else {
                return Err(format!("no task is restarted like this: {:?}", event.kind));
            };
            delays.swap_remove(index);
        }
    }
    Ok(failures)
}

impl TaskModel {
    fn replay(
        &mut self,
        spec: &SupervisedTask,
        number: usize,
        entry: &TraceEntry,
    ) -> Result<Option<ObservedFailure>, String> {
        let at = entry.at;
        match entry.event {
            HookEvent::Started => {
                ensure!(self.runs_again_at == Some(at), "it runs, and was due at {:?}", self.runs_again_at);
                (self.is_running, self.run_began, self.runs_again_at) = (true, at, None);
                return Ok(None);
            }
            HookEvent::Finished => {}
            HookEvent::Stopped => {
                (self.is_running, self.is_done) = (false, true);
                return Ok(None);
            }
            HookEvent::Dropped | HookEvent::Deferred => return Err("its future was dropped".to_owned()),
        }
        ensure!(self.is_running && !self.is_done, "it was not running");
        self.is_running = false;
        let Some(run) = spec.runs.get(number) else { return Err("its last run ended by itself".to_owned()) };
        let ran = at - self.run_began;
        ensure!(run.takes.is_none_or(|takes| ran == ms(takes)), "it ran for {ran:?}");
        let failed = !run.outcome.is_success();
        match self.history.decide(at, ran, failed) {
            RestartDecision::Restart(delay) => {
                self.runs_again_at = Some(at + delay);
                return Ok(failed.then_some(ObservedFailure { at, is_permanent: false, escalates: false }));
            }
            RestartDecision::Done if !failed => self.is_done = true,
            decision => {
                self.is_done = true;
                let escalates = decision == RestartDecision::Escalate;
                return Ok(Some(ObservedFailure { at, is_permanent: true, escalates }));
            }
        }
        Ok(None)
    }
}
