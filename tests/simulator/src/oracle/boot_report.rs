//! Checks the error or the report of the boot: it names the services that failed and what they blocked, and nothing else.

use std::collections::BTreeSet;

use service_core::{
    BlockedService, BootError, BootFailure, BootReport, EventKind, Failure, Phase, ShutdownReason, State,
};

use super::ensure::ensure;
use super::events::Replayed;
use super::prediction::{FailureCause, StartPhase};
use super::service_model::{ServiceModel, ServiceState};
use crate::Run;
use crate::boot_outcome::BootOutcome;
use crate::scenario::{Action, DependencyKind, Scenario, ms};

/// Checks how the boot of a run ended.
pub(super) fn check(scenario: &Scenario, run: &Run, replayed: &Replayed) -> Result<(), String> {
    match &run.boot {
        BootOutcome::Up(report) => check_report(scenario, report, &replayed.at_boot),
        BootOutcome::Failed(error) => check_error(scenario, run, error, replayed),
        BootOutcome::Dropped => Ok(()),
    }
}

fn check_error(scenario: &Scenario, run: &Run, error: &BootError, replayed: &Replayed) -> Result<(), String> {
    let services = &replayed.services;
    ensure!(error.rollback().is_some(), "the error has no report of the rollback");
    match error.failure() {
        // The model cannot tell which services failed.
        BootFailure::Services { .. } if services.iter().any(|model| model.is_undetermined) => {}
        BootFailure::Services { failures, blocked, .. } => {
            ensure!(failures[..] == *error.failures(), "the error has two lists of failures");
            // What was to be tried again is listed too, last of all.
            let is_setback = |failure: &Failure| {
                let service = Scenario::index(failure.service());
                replayed.services[service].state != ServiceState::Failed && was_to_be_tried_again(run, service)
            };
            let setbacks = failures.iter().rev().take_while(|failure| is_setback(failure)).count();
            check_failures(scenario, replayed, &failures[..failures.len() - setbacks], blocked)?;
        }
        BootFailure::TimedOut { .. } => {
            ensure!(scenario.config.boot_timeout.is_some(), "the boot timed out, and has no budget");
        }
        BootFailure::Cancelled => {
            let cancels = |action| matches!(action, Action::Cancel | Action::Drop | Action::RequestShutdown);
            ensure!(scenario.injection.is_some_and(|it| cancels(it.action)), "nothing cancelled the boot");
        }
        BootFailure::ShutDown(ShutdownReason::Failed(_)) if replayed.is_broken => {}
        other => {
            // Before the boot has ended there is no handle with which a shutdown could be requested.
            let kind = std::mem::discriminant(other);
            return Err(format!("the boot failed for a reason that is not in the scenario: {kind:?}, {error}"));
        }
    }
    for service in (0..services.len()).filter(|&service| services[service].state == ServiceState::Failed) {
        let mut named = error.failures().iter().map(|failure| Scenario::index(failure.service()));
        ensure!(named.any(|it| it == service), "{service} failed before the boot ended, and the error hides it");
    }
    let is_booted = run.events.iter().any(|it| matches!(it.kind, EventKind::Booted { .. }));
    ensure!(!is_booted, "the boot failed, and an event says that it succeeded");
    Ok(())
}

/// Whether an attempt of its start may have failed that another one was to follow, if the start was not aborted.
fn was_to_be_tried_again(run: &Run, service: usize) -> bool {
    run.events.iter().any(|event| match &event.kind {
        EventKind::Retrying { service: name, .. }
        | EventKind::Restarting { service: name, .. }
        | EventKind::Unwound { service: name, .. } => Scenario::index(name) == service,
        _ => false,
    })
}

fn check_failures(
    scenario: &Scenario,
    Replayed { services, escalated, .. }: &Replayed,
    failures: &[Failure],
    blocked: &[BlockedService],
) -> Result<(), String> {
    let of_task = |failure: &&Failure| matches!(failure.phase(), Phase::Task(_));
    for failure in failures.iter().filter(of_task) {
        ensure!(escalated[Scenario::index(failure.service())], "the task of {failure} was not given up");
    }
    let failures: Vec<_> = failures.iter().filter(|failure| !of_task(failure)).collect();
    let named: Vec<_> = failures.iter().map(|failure| Scenario::index(failure.service())).collect();
    let is_failed = |service: &usize| services[*service].state == ServiceState::Failed;
    let failed: Vec<_> = (0..services.len()).filter(is_failed).collect();
    let sorted: BTreeSet<_> = named.iter().copied().collect();
    ensure!(sorted.iter().eq(&failed), "the error names {named:?}, and {failed:?} failed");
    ensure!(sorted.len() == named.len(), "the error names a service twice: {named:?}");
    for failure in failures {
        check_failure(scenario, services, failure)?;
    }
    let expected = blocked_services(scenario, services);
    let named: Vec<_> = blocked.iter().map(|it| Scenario::index(&it.service)).collect();
    let sorted: BTreeSet<_> = named.iter().copied().collect();
    ensure!(sorted.iter().eq(&expected), "the error calls {named:?} blocked, and {expected:?} are");
    for BlockedService { service, by, .. } in blocked {
        ensure!(failed.contains(&Scenario::index(by)), "{service} is blocked by {by}, which has not failed");
    }
    Ok(())
}

/// Checks the phase, the cause and the path of the failure of one service.
fn check_failure(scenario: &Scenario, services: &[ServiceModel], failure: &Failure) -> Result<(), String> {
    let service = Scenario::index(failure.service());
    let start = &services[service].start;
    let Some((expected_phase, expected_cause)) = start.fails.filter(|_| !start.is_ambiguous) else { return Ok(()) };
    let phase = match failure.phase() {
        Phase::Init => StartPhase::Init,
        Phase::Start => StartPhase::Start,
        _ => StartPhase::Health,
    };
    ensure!(phase == expected_phase, "{service} failed in {expected_phase:?}, and the error says {phase:?}");
    let cause = match (failure.is_timeout(), failure.panic_message()) {
        (true, _) => FailureCause::TimedOut,
        (_, Some(_)) => FailureCause::Panic,
        _ => FailureCause::Error,
    };
    ensure!(cause == expected_cause, "{service} failed by {expected_cause:?}, and the error says {cause:?}: {failure}");
    // The path leads from a service to one that it requires.
    let path: Vec<_> = failure.path().iter().map(|name| Scenario::index(name)).collect();
    ensure!(path.last() == Some(&service), "the path {path:?} does not end at {service}");
    for pair in path.windows(2) {
        let is_required = scenario.services[pair[0]].required().any(|on| on == pair[1]);
        ensure!(is_required, "{} does not require {}", pair[0], pair[1]);
    }
    Ok(())
}

/// The services that could never start, because a service that they require has failed.
fn blocked_services(scenario: &Scenario, services: &[ServiceModel]) -> Vec<usize> {
    let eager = scenario.eager();
    let mut is_blocked = vec![false; services.len()];
    for (service, spec) in scenario.services.iter().enumerate() {
        is_blocked[service] = eager[service]
            && services[service].state != ServiceState::Failed
            && spec.required().any(|on| is_blocked[on] || services[on].state == ServiceState::Failed);
    }
    (0..services.len()).filter(|&service| is_blocked[service]).collect()
}

/// Checks the report of a boot that succeeded.
fn check_report(scenario: &Scenario, report: &BootReport, services: &[Option<ServiceModel>]) -> Result<(), String> {
    let count = report.services.len();
    ensure!(count == services.len(), "the report has {count} services");
    for entry in &report.services {
        let service = Scenario::index(&entry.name);
        // The report may or may not contain what happened at the very instant at which the boot ended.
        let Some(model) = &services[service] else { continue };
        let has_failed = model.failure.is_some();
        ensure!(entry.failure.is_some() == has_failed, "the report of {service} says {:?}", entry.failure);
        let is_ready = entry.state == State::Ready;
        // A shutdown that was requested at the same instant may already be stopping it.
        ensure!(!is_ready || model.ready_at.is_some(), "the report says that {service} is ready");
        if model.ready_at.is_some() {
            let (attempts, own) = (model.start.attempts(), ms(model.start.takes));
            let is_ambiguous = model.start.is_ambiguous;
            ensure!(entry.attempts == attempts || is_ambiguous, "{service} took {} attempts", entry.attempts);
            ensure!(entry.own == own || is_ambiguous, "{service} took {own:?}, and the report says {:?}", entry.own);
        }
        let dependencies = scenario.services[service].dependencies.iter();
        for wanted in dependencies.filter(|dependency| dependency.kind == DependencyKind::Wants) {
            let name = Scenario::name(wanted.on);
            if entry.missing.contains(&name) {
                let is_missing = report.services.iter().any(|it| it.name == name && it.state != State::Ready);
                ensure!(is_missing, "{} is not missing", wanted.on);
            }
        }
    }
    Ok(())
}
