//! [`boot`]: joins the boot of a registry, or begins it.

use std::sync::atomic::Ordering;

use super::message::Message;
use super::shared::Shared;
use super::wait::{self, Wait};
use crate::gate::context_stack::{self, Frame, Role};
use crate::report::{BootError, BootFailure};

/// Boots everything that is to be booted, or joins the boot that is under way. If every caller stops waiting, the boot is
/// cancelled. A hook of a service that is a part of the boot gets an error, because it would wait for itself.
pub(crate) async fn boot(shared: &Shared) -> Result<(), BootError> {
    let starts = |frame: Frame| frame.registry() == shared.id && frame.role() == Role::Starting;
    if shared.booted().is_none()
        && let Some(service) = context_stack::find(|frame| starts(frame).then_some(frame.service()))
    {
        let name = shared.slots[service as usize].name.to_string();
        return Err(BootError::new(BootFailure::Inside(name), None));
    }
    let from_inside =
        |cycle: Vec<String>| BootError::new(BootFailure::Inside(cycle.into_iter().next().unwrap_or_default()), None);
    // After the boot there is nothing to wait for.
    let wait = if shared.booted().is_none() { wait::for_boot(shared).map_err(from_inside)? } else { None };
    let waiter = BootWaiter::new(shared);
    let outcome = shared.request_boot();
    let outcome = Wait::unless_refused(wait, outcome).await.map_err(from_inside)?;
    let outcome = outcome.unwrap_or_else(|| Err(BootError::new(BootFailure::NoRuntime, None)));
    shared.boot_returned.store(true, Ordering::Release);
    drop(waiter);
    outcome
}

/// A caller that waits for the boot. When the last one leaves before any has learnt how the boot ended, the boot is abandoned.
struct BootWaiter<'a> {
    shared: &'a Shared,
}

impl<'a> BootWaiter<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.boot_waiters.fetch_add(1, Ordering::AcqRel);
        Self { shared }
    }
}

impl Drop for BootWaiter<'_> {
    fn drop(&mut self) {
        let is_last = self.shared.boot_waiters.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last && !self.shared.boot_returned.load(Ordering::Acquire) {
            self.shared.send(Message::BootAbandoned);
        }
    }
}
