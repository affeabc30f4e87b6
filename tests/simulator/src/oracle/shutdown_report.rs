//! Checks the report of a shutdown or a rollback: it lists every service that stopped, once, and how it stopped, and
//! concurrent callers receive the same report.

use std::mem::discriminant;

use service_core::{ShutdownReport, StopOutcome};

use super::ensure::ensure;
use super::prediction::ExpectedStop;
use super::service_model::{ServiceModel, ServiceState};
use crate::Run;
use crate::boot_outcome::BootOutcome;
use crate::scenario::Scenario;

/// Checks what the callers of a run received, whose events were replayed to these services.
pub(super) fn check(scenario: &Scenario, run: &Run, services: &[ServiceModel]) -> Result<(), String> {
    let mut reports = Vec::new();
    for shutdown in &run.shutdowns {
        match shutdown {
            Ok(report) => {
                ensure!(report.is_clean(), "an unclean shutdown was reported as a success");
                reports.push(report);
            }
            Err(error) => {
                let Some(report) = error.report() else {
                    return Err(format!("the shutdown was not awaited: {error}"));
                };
                ensure!(!report.is_clean(), "a clean shutdown was reported as a failure");
                reports.push(report);
            }
        }
    }
    if let [one, other] = reports[..] {
        ensure!(format!("{one:?}") == format!("{other:?}"), "two callers received different reports");
    }
    if let BootOutcome::Failed(error) = &run.boot {
        reports.extend(error.rollback());
    }
    reports.first().map_or(Ok(()), |report| check_entries(scenario, report, services))
}

fn check_entries(scenario: &Scenario, report: &ShutdownReport, services: &[ServiceModel]) -> Result<(), String> {
    let mut counts = vec![0; scenario.services.len()];
    for entry in &report.services {
        let service = Scenario::index(&entry.name);
        counts[service] += 1;
        ensure!(entry.still_held == 0, "{} references to {service} outlive it", entry.still_held);
        let model = &services[service];
        let outcome = &entry.outcome;
        let is_expected = model.expected_stop.is_none_or(|expected| expected.matches(outcome));
        ensure!(is_expected, "{service} stopped {outcome}, which must be {:?}", model.expected_stop);
        let is_emitted = model.stop_outcome.as_ref().is_some_and(|it| discriminant(it) == discriminant(outcome));
        ensure!(is_emitted, "{service} stopped {:?}, and the report says {outcome}", model.stop_outcome);
    }
    for (service, (&count, model)) in counts.iter().zip(services).enumerate() {
        // A service that failed by itself is listed only if it was not unwound cleanly.
        let due = usize::from(model.stop_outcome.is_some());
        ensure!(count == due, "{service}, which was {:?}, is listed {count} times in the report", model.state);
        let has_failed = model.state == ServiceState::Failed && !model.has_earlier_stop;
        let expected = model.expected_stop.filter(|_| has_failed);
        let is_expected = expected.is_none_or(|it| (it == ExpectedStop::Clean) == model.stop_outcome.is_none());
        ensure!(is_expected, "{service} was unwound {:?}, which must be {expected:?}", model.stop_outcome);
    }
    Ok(())
}

impl ExpectedStop {
    pub(super) fn matches(self, outcome: &StopOutcome) -> bool {
        matches!(
            (self, outcome),
            (Self::Clean, StopOutcome::Clean)
                | (Self::Failed, StopOutcome::Failed(_))
                | (Self::Abandoned, StopOutcome::Abandoned(_))
        )
    }
}
