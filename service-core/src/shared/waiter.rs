//! [`Waiter`]: a node of the wait-for graph.

use std::collections::HashMap;
use std::sync::Arc;

use super::registries;
use super::shared::Shared;
use crate::gate::Slot;
use crate::gate::context_stack::Frame;

/// A service of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ServiceId {
    pub registry: u32,
    pub service: usize,
}

/// What waits, or is waited for. The number in some of them is that of the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Waiter {
    /// A service, until it is ready.
    Service(ServiceId),
    /// One of its tasks.
    Task(ServiceId, u64),
    /// Other code that runs on its behalf and is not in its table of tasks.
    Scope(ServiceId, u64),
    /// One of its guarded calls.
    Call(ServiceId, u64),
    /// All of its tasks.
    Tasks(ServiceId),
    /// All of its calls.
    Calls(ServiceId),
    /// The boot of a registry.
    Boot(u32),
}

impl ServiceId {
    pub(super) fn of(slot: &Slot) -> Self {
        Self { registry: slot.registry, service: slot.index }
    }

    pub(super) fn at(frame: Frame) -> Self {
        Self { registry: frame.registry(), service: frame.service() as usize }
    }
}

/// The registries that a search has looked at. It must outlive the lock of the graph, because it may hold the last reference
/// to a registry.
#[derive(Default)]
pub(super) struct SeenRegistries {
    registries: HashMap<u32, Option<Arc<Shared>>>,
}

impl SeenRegistries {
    pub(super) fn get(&mut self, number: u32) -> Option<&Arc<Shared>> {
        self.registries.entry(number).or_insert_with(|| registries::find(number)).as_ref()
    }

    pub(super) fn name(&mut self, id: ServiceId) -> String {
        match self.get(id.registry) {
            Some(shared) => shared.slots[id.service].name.to_string(),
            None => "a service of a registry that has ended".to_owned(),
        }
    }
}
