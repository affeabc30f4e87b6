//! [`launch`]: a registry for a proved plan, with its driver running.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::driver::Driver;
use crate::events::{Callback, EventLog};
use crate::plan::Plan;
use crate::service::Hooks;
use crate::shared::{Options, Shared, registries};

/// Makes a registry for a proved plan and starts its driver on this runtime. `hooks` are in the plan's order.
pub(crate) fn launch(
    runtime: &Handle,
    plan: Plan,
    hooks: Arc<[Arc<dyn Hooks>]>,
    options: Options,
    observers: Vec<Callback>,
    listeners: Vec<Callback>,
) -> Arc<Shared> {
    let (log, dispatcher) = EventLog::new(observers, listeners);
    let (shared, messages) = Shared::new(plan, options, Arc::new(log), registries::next_number(), runtime);
    registries::add(&shared);
    let dispatcher = dispatcher.map(|dispatcher| runtime.spawn(dispatcher.run()));
    runtime.spawn(Driver::new(shared.clone(), hooks, messages, dispatcher).run());
    shared
}
