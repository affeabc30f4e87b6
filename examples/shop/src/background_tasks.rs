//! The background tasks of the shop, all of them.

use service_core::{NotReady, Registry};

use crate::letters::Outbox;
use crate::sales::Packing;
use crate::storage::Janitor;
use crate::watch::Monitor;

/// Replaces each background task by a new one: for an operator who thinks that a task is stuck. Every task can be aborted at
/// any point without leaving incomplete work.
///
/// # Errors
/// If a service of the shop is not ready.
pub fn restart_background_tasks(registry: &Registry) -> Result<(), NotReady> {
    registry.get::<Monitor>()?.begin();
    registry.get::<Janitor>()?.begin();
    registry.get::<Outbox>()?.begin();
    registry.get::<Packing>()?.begin();
    Ok(())
}
