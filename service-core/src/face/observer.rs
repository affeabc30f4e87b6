//! Events in words: the only file that names tracing, and the only one that knows how an event reads in a log.

use crate::fact::{Event, EventKind};

/// Logs an event.
pub(crate) fn observe(event: &Event) {
    match &event.kind {
        EventKind::Booting { services } => tracing::info!(services, "booting"),
        EventKind::Starting { service } => tracing::debug!(%service, "starting"),
        EventKind::Retrying { service, attempt, delay, failure } => {
            tracing::warn!(%service, attempt, ?delay, %failure, "trying again");
        }
        EventKind::Progress { service, words } => tracing::debug!(%service, %words, "progress"),
        EventKind::Late { service, phase, elapsed, detail } => {
            tracing::warn!(%service, %phase, ?elapsed, %detail, "late");
        }
        EventKind::Blocking { service, phase, elapsed } => {
            tracing::warn!(%service, %phase, ?elapsed, "blocking its thread; use spawn_blocking");
        }
        EventKind::Restarting { service, delay, failure } => tracing::error!(%service, ?delay, %failure, "restarting"),
        EventKind::Ready { service, elapsed } => tracing::info!(%service, ?elapsed, "ready"),
        EventKind::Failed { service, failure } => tracing::error!(%service, %failure, "failed"),
        EventKind::Blocked { service, by } => tracing::error!(%service, %by, "blocked"),
        EventKind::Undone { service, outcome } => match outcome.failure() {
            None => tracing::debug!(%service, "undone"),
            Some(_) => tracing::error!(%service, %outcome, "undone"),
        },
        EventKind::Booted { elapsed } => tracing::info!(?elapsed, "booted"),
        EventKind::RollingBack => tracing::warn!("the boot failed, rolling back"),
        EventKind::ShuttingDown { reason } => tracing::info!(%reason, "shutting down"),
        EventKind::Draining { service } => tracing::debug!(%service, "draining"),
        EventKind::Stopping { service } => tracing::debug!(%service, "stopping"),
        EventKind::Stopped { service, outcome, elapsed } => match outcome.failure() {
            None => tracing::info!(%service, ?elapsed, "stopped"),
            Some(_) => tracing::error!(%service, ?elapsed, %outcome, "stopped"),
        },
        EventKind::TaskFailed { service, task, failure } => tracing::error!(%service, %task, %failure, "task failed"),
        EventKind::TaskRestarting { service, task, delay } => {
            tracing::warn!(%service, %task, ?delay, "task restarting");
        }
        EventKind::TaskRefused { service, task } => tracing::warn!(%service, %task, "task not started"),
        EventKind::LeftRunning { services } => {
            let services = services.join(", ");
            tracing::warn!(%services, "registry dropped without shutdown().await; these were left running");
        }
        EventKind::ShutDown { elapsed } => tracing::info!(?elapsed, "shut down"),
    }
}
