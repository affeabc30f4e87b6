//! [`observer`]: prints failures to stderr in a program that has set up no logging.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Mutex, stderr};
use crate::events;
use crate::report::{Event, EventKind};

/// Prints each failure of a service, and the first one of each task, while no `tracing` subscriber is set. Failures of a
/// shutdown are in its report.
pub(super) fn observer() -> impl Fn(&Event) + Send + Sync + 'static {
    let tasks = Mutex::new(BTreeSet::<(Arc<str>, Arc<str>)>::new());
    move |event| {
        let is_printed = match &event.kind {
            EventKind::Failed { .. } | EventKind::Restarting { .. } | EventKind::Broken { .. } => true,
            // A task that fails again and again would hide everything else.
            EventKind::TaskFailed { service, task, .. } => tasks.lock().insert((service.clone(), task.clone())),
            _ => false,
        };
        if is_printed && !events::is_logged() {
            stderr::print_line(event);
        }
    }
}
