//! The background tasks of the shop, all of them.

use service_core::{NotReady, Registry};

use crate::letters::Outbox;
use crate::sales::Packing;
use crate::storage::Janitor;
use crate::watch::Monitor;

/// Begins each background task anew, in place of the one of its name: for whoever thinks that one is stuck. None of them
/// leaves anything half done, wherever it is ended.
///
/// # Errors
/// If the shop is not up.
pub fn begin_chores(registry: &Registry) -> Result<(), NotReady> {
    registry.get::<Monitor>()?.begin();
    registry.get::<Janitor>()?.begin();
    registry.get::<Outbox>()?.begin();
    registry.get::<Packing>()?.begin();
    Ok(())
}
