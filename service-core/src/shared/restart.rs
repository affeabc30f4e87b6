//! [`restart`]: restarts one service on request, and waits until it is ready again.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::message::Message;
use super::registries;
use super::shared::Shared;
use super::wait::{self, Wait};
use crate::base::{Failure, State};
use crate::gate::Slot;
use crate::gate::context_stack::{self, Frame, Role};
use crate::report::{NotReady, Refusal};

/// Restarts a service, with those that hold its instance, and waits until it is ready again. One that is not up is started.
///
/// # Errors
/// If it does not become ready, or the registry shuts down. At once if the caller is a part of what has to stop first, or if
/// the wait would complete a cycle.
pub(crate) async fn restart(slot: &Arc<Slot>) -> Result<(), NotReady> {
    let Some(shared) = registries::find(slot.registry) else { return Err(slot.refuse(Refusal::ShuttingDown)) };
    if let Some(caller) = caller_that_stops(&shared, slot.index) {
        return Err(slot.refuse(Refusal::StopsCaller(shared.slots[caller].name.clone())));
    }
    let wait = wait::for_service(slot, true)?;
    let (reply, answer) = oneshot::channel();
    shared.send(Message::Restart { service: slot.index, reply });
    match Wait::unless_refused(wait, answer).await {
        Err(cycle) => Err(slot.refuse(Refusal::Cycle(cycle))),
        Ok(Err(_)) => Err(slot.refuse(Refusal::ShuttingDown)),
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(failure))) => Err(failed(slot, failure)),
    }
}

/// It may be the failure of a service that this one requires. By now, the registry may be shutting down because of it.
fn failed(slot: &Slot, failure: Failure) -> NotReady {
    let (state, cause) = match failure.service() == &*slot.name {
        true => (State::Failed, Refusal::Failed(failure)),
        false => (State::Blocked, Refusal::Blocked { by: failure.service().to_owned(), failure }),
    };
    NotReady::new(slot.name.clone(), state, cause)
}

/// The service on whose behalf this thread runs, if it has to stop for the restart of another one.
fn caller_that_stops(shared: &Shared, restarted: usize) -> Option<usize> {
    context_stack::find(|frame| {
        let is_part =
            frame.registry() == shared.id && frame.role() != Role::Scope && frame.service() != Frame::NO_SERVICE;
        let service = frame.service() as usize;
        (is_part && (service == restarted || shared.holds(service, restarted))).then_some(service)
    })
}
