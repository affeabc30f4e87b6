//! [`launch`]: a registry for a proved plan, with its driver running.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::driver::Driver;
use crate::events::{Listener, Log};
use crate::plan::Plan;
use crate::report::{BootError, BootFailure};
use crate::service::Hooks;
use crate::shared::{Options, Shared, registries};

/// Makes a registry for a proved plan and starts its driver. `hooks` are in the plan's order.
///
/// # Errors
/// Without a tokio runtime.
pub(crate) fn launch(
    plan: Plan,
    hooks: Arc<[Arc<dyn Hooks>]>,
    options: Options,
    observer: Listener,
    listeners: Vec<Listener>,
) -> Result<Arc<Shared>, BootError> {
    let runtime = Handle::try_current().map_err(|_| BootError::new(BootFailure::NoRuntime, None))?;
    let (log, telling) = Log::new(observer, listeners);
    let (shared, messages) = Shared::new(plan, options, Arc::new(log), registries::next_number());
    registries::add(&shared);
    let telling = telling.map(|telling| runtime.spawn(telling.run()));
    runtime.spawn(Driver::new(shared.clone(), hooks, messages, telling).run());
    Ok(shared)
}
