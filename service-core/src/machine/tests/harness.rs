//! [`Harness`]: a machine for stories, which says in few words what happened and what is to be done.

use std::time::Duration;

use crate::base::{BoxError, Failure, Phase, Restart, ShutdownReason, State, StopOutcome};
use crate::machine::{Effect, FailedAttempt, LifecycleEvent, Machine, Settings, Ticket, Timer};
use crate::plan::fixtures::{at, plan};
use crate::plan::{Facts, Plan};
use crate::report::{EventKind, Refusal, RefusalCause};

/// What happened.
pub(super) enum Input {
    Boot,
    Requested {
        ticket: Ticket,
        service: usize,
    },
    Started(usize),
    StartFailed(usize),
    Unwound(usize),
    Stopped(usize),
    /// A task failed for good, and the policy allows a restart.
    Restart(usize),
    /// A restart was requested.
    RestartRequested {
        ticket: Ticket,
        service: usize,
    },
    /// The pause after a failure is over.
    Revive(usize),
    ShutDown,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Wait(usize),
    Start(usize),
    Open(usize),
    Fail(usize),
    Block(usize, usize),
    Abort(usize),
    Unwind(usize),
    Forget(usize),
    Stop(usize),
    Settle(Ticket, Result<(), usize>),
    RollBack,
    Finish,
}

/// Limits that nothing reaches.
pub(super) const SETTINGS: Settings = Settings {
    concurrency: usize::MAX,
    boot_timeout: None,
    rollback_timeout: Duration::from_secs(25),
    shutdown_timeout: Duration::from_secs(25),
    lame_duck: Duration::ZERO,
};

pub(super) fn failure() -> Failure {
    Failure::error("it", at("it", 3), Phase::Init, Duration::ZERO, BoxError::from("refused"))
}

/// The service that blocks another, by what its refused calls are told.
pub(super) fn blocker(plan: &Plan, cause: &RefusalCause) -> Option<usize> {
    match &cause.refusal {
        Refusal::Blocked { by, .. } => plan.index_of_name(by),
        _ => None,
    }
}

pub(super) struct Harness {
    machine: Machine,
    plan: Plan,
}

impl Harness {
    /// Over these services, which must be given in the plan's order. Without a policy of its own, each may restart at any
    /// time.
    pub(super) fn new(mut catalog: Vec<Facts>, settings: Settings) -> Self {
        let restart = Restart::transient().intensity(u32::MAX, Duration::MAX).backoff(Duration::ZERO, Duration::ZERO);
        for facts in &mut catalog {
            facts.restart.get_or_insert(restart);
        }
        let plan = plan(catalog);
        Self { machine: Machine::new(plan.clone(), settings), plan }
    }

    pub(super) fn index(&self, name: &str) -> usize {
        self.plan.index_of_name(name).expect("it is in the plan")
    }

    pub(super) fn state(&self, service: usize) -> State {
        self.machine.state(service)
    }

    pub(super) fn comes_back(&self, service: usize) -> bool {
        self.machine.comes_back(service)
    }

    pub(super) fn demands(&self) -> usize {
        self.machine.demands.len()
    }

    pub(super) fn is_shutting_down(&self) -> bool {
        self.machine.shutdown.is_some()
    }

    pub(super) fn on(&mut self, input: Input) -> Vec<Step> {
        let (outcome, elapsed) = (StopOutcome::Clean, Duration::ZERO);
        let event = match input {
            Input::Boot => LifecycleEvent::Boot,
            Input::Requested { ticket, service } => LifecycleEvent::Requested { ticket, service },
            Input::Started(service) => LifecycleEvent::Started { service, elapsed },
            Input::StartFailed(service) => {
                let attempt = FailedAttempt { failure: failure(), retry_until: None, drawn: 0.0 };
                LifecycleEvent::StartFailed { service, attempt }
            }
            Input::Unwound(service) => LifecycleEvent::Unwound { service, outcome },
            Input::Stopped(service) => LifecycleEvent::Stopped { service, outcome, elapsed },
            Input::Restart(service) => LifecycleEvent::Escalated { service, failure: failure(), drawn: 0.0 },
            Input::RestartRequested { ticket, service } => LifecycleEvent::RestartRequested { ticket, service },
            Input::Revive(service) => LifecycleEvent::TimerFired(Timer::Retry(service)),
            Input::ShutDown => LifecycleEvent::ShutdownRequested(ShutdownReason::Dropped),
        };
        let effects = self.machine.on(Duration::ZERO, event);
        effects.iter().filter_map(|effect| self.step(effect)).collect()
    }

    fn step(&self, effect: &Effect) -> Option<Step> {
        Some(match *effect {
            Effect::Publish { service, ref status } => match status.state {
                State::Waiting => Step::Wait(service),
                State::Failed => Step::Fail(service),
                State::Blocked => Step::Block(service, blocker(&self.plan, &status.cause)?),
                State::Idle | State::Stopped => Step::Forget(service),
                _ => return None,
            },
            Effect::Start { service, .. } => Step::Start(service),
            Effect::Abort { service, .. } => Step::Abort(service),
            Effect::Unwind { service, .. } => Step::Unwind(service),
            Effect::Open(service) => Step::Open(service),
            Effect::Stop { service, .. } => Step::Stop(service),
            Effect::Settle(ticket, outcome) => Step::Settle(ticket, outcome),
            Effect::Emit(EventKind::RollingBack) => Step::RollBack,
            Effect::Finish(_) => Step::Finish,
            _ => return None,
        })
    }
}
