//! The oracle: judges a run by the rules of the design. It replays the recorded events and the trace of the hooks against
//! a reference model, entry by entry, and reports the first entry that violates a rule, and which rule.

mod boot_report;
mod ensure;
mod events;
mod hooks;
mod prediction;
mod registry_model;
mod restart_history;
mod restarts;
mod service_model;
mod shutdown_report;
mod supervised_tasks;
mod transitions;

use crate::{Run, Scenario};
use ensure::ensure;

/// Judges a run.
///
/// # Errors
/// The first violation of a rule.
pub fn judge(scenario: &Scenario, run: &Run) -> Result<(), String> {
    ensure!(run.violations.is_empty(), "{}", run.violations.join("; "));
    ensure!(run.tasks_left == 0, "rule 9: {} tasks are left at the end", run.tasks_left);
    let task_failures = supervised_tasks::replay(scenario, run)?;
    let replayed = events::replay(scenario, run, task_failures)?;
    hooks::check(scenario, run, &replayed.services)?;
    boot_report::check(scenario, run, &replayed)?;
    shutdown_report::check(scenario, run, &replayed.services)
}
