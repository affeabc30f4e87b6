//! What a test reads from reports and errors.

use std::error::Error;
use std::time::Duration;

use service_core::{EventKind, Health, HealthReport, NotReady, Refusal, Registry};

/// The health of a service in a report.
///
/// # Panics
/// If the report does not list the service.
pub fn health_of<'a>(report: &'a HealthReport, name: &str) -> &'a Health {
    let found = report.services.iter().find(|service| service.name == name);
    &found.unwrap_or_else(|| panic!("{name} is not in {report}")).health
}

/// The path of the cycle that is the source of an error.
///
/// # Panics
/// If the source is no refusal because of a cycle.
pub fn cycle_path<'a>(error: &'a (dyn Error + 'static)) -> &'a [String] {
    let refusal = error.source().and_then(|source| source.downcast_ref::<NotReady>());
    match refusal.map(NotReady::cause) {
        Some(Refusal::Cycle(path)) => path,
        _ => panic!("{error}"),
    }
}

/// The cycles because of which calls of tasks were refused, and when.
pub fn refused_tasks(registry: &Registry) -> Vec<(Duration, Vec<String>)> {
    let failed = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::TaskFailed { failure, .. } => Some((event.at, cycle_path(&failure).to_vec())),
        _ => None,
    });
    failed.collect()
}
