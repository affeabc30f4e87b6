//! The public status of a service, derived from the machine's state. Nothing else decides it.

use super::effect::{Effect, Status};
use super::machine::Machine;
use super::node::Node;
use crate::base::State;
use crate::report::{Refusal, ShutdownCause};

impl Machine {
    /// While a service stops, the step that stops it reports `Draining` first.
    pub(super) fn status(&self, service: usize) -> Status {
        let node = &self.nodes[service];
        let shut_down = self.shut_down(node);
        let refusal = match node.state {
            State::Failed => node.failure.clone().map(Refusal::Failed),
            State::Blocked => node.blocked_by.and_then(|by| {
                let root = &self.nodes[by];
                root.failure.clone().map(|failure| Refusal::Blocked { by: root.name.to_string(), failure })
            }),
            State::Stopping if self.comes_back(service) => Some(Refusal::Restarting),
            State::Idle => Some(self.plan.services()[service].idle_refusal()),
            _ => None,
        };
        let cause = match (node.state, shut_down) {
            (State::Starting | State::Stopping | State::Stopped, Some(shut_down)) => shut_down.into(),
            _ => refusal.unwrap_or(Refusal::State).into(),
        };
        Status { state: node.state, cause }
    }

    /// Why everything shuts down, if it does; and the failure that the boot or this service could not recover from.
    fn shut_down(&self, node: &Node) -> Option<ShutdownCause> {
        self.shutdown.as_ref()?;
        let failure = self.culprit.clone().or_else(|| node.setback.clone());
        Some(ShutdownCause { reason: self.reason.clone()?, failure })
    }

    /// Moves a service to a state and publishes its status.
    pub(super) fn enter(&mut self, service: usize, state: State) {
        self.nodes[service].state = state;
        self.tell_dependants(service);
        let status = self.status(service);
        self.effects.push(Effect::Publish { service, status });
    }
}
