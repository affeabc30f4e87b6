//! [`Uses`]: which service has used which other in its start without declaring it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::shared::Shared;
use crate::gate::Slot;
use crate::gate::context_stack;
use crate::gate::context_stack::Role;
use crate::report::{NotReady, Refusal};

/// Every undeclared use there ever was in one registry: who, of whom.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    undeclared: Mutex<Vec<(usize, usize)>>,
}

/// The services of this registry on whose start this thread is working.
fn starting(shared: &Shared) -> Vec<usize> {
    let mut services = Vec::new();
    context_stack::find(|frame| {
        let service = frame.service() as usize;
        if frame.registry() == shared.id && frame.role() == Role::Starting && !services.contains(&service) {
            services.push(service);
        }
        None::<()>
    });
    services
}

impl Uses {
    fn lock(&self) -> MutexGuard<'_, Vec<(usize, usize)>> {
        self.undeclared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that whoever is starting on this thread uses `slot`, if it has not declared that.
    ///
    /// # Errors
    /// If this registry denies it.
    pub(crate) fn note(&self, shared: &Shared, slot: &Slot) -> Result<(), NotReady> {
        for service in starting(shared) {
            if service != slot.index && !shared.depends(service, slot.index) {
                let mut undeclared = self.lock();
                if !undeclared.contains(&(service, slot.index)) {
                    undeclared.push((service, slot.index));
                }
                drop(undeclared);
                if shared.options.deny_undeclared {
                    return Err(slot.refuse(Refusal::Undeclared(shared.slots[service].name.clone())));
                }
            }
        }
        Ok(())
    }

    /// All of them, in the plan's order.
    pub(crate) fn undeclared(&self) -> Vec<(usize, usize)> {
        let mut undeclared = self.lock().clone();
        undeclared.sort_unstable();
        undeclared
    }
}
