//! The public status of a service, derived from the machine's state. Nothing else decides it.

use super::effect::{Effect, Status};
use super::machine::Machine;
use crate::base::State;
use crate::report::Refusal;

impl Machine {
    /// While a service stops, the step that stops it reports `Draining` first.
    pub(super) fn status(&self, service: usize) -> Status {
        let node = &self.nodes[service];
        let cause = match node.state {
            State::Failed => node.failure.clone().map(Refusal::Failed),
            State::Blocked => node.blocked_by.and_then(|by| {
                let root = &self.nodes[by];
                root.failure.clone().map(|failure| Refusal::Blocked { by: root.name.to_string(), failure })
            }),
            State::Stopping if self.comes_back(service) => Some(Refusal::Restarting),
            _ => None,
        };
        Status { state: node.state, cause: cause.unwrap_or(Refusal::State) }
    }

    /// Moves a service to a state and publishes its status.
    pub(super) fn enter(&mut self, service: usize, state: State) {
        self.nodes[service].state = state;
        let status = self.status(service);
        self.effects.push(Effect::Publish { service, status });
    }
}
