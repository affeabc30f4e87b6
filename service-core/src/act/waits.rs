//! [`Waits`]: which starting service waits for which other, beyond what they declare. A wait that would close a circle is
//! refused at once, because nothing would ever end it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shared::Shared;
use super::slot::Slot;
use crate::fact::{Bond, NotReady, Refusal, State};
use crate::mechanism::ambient::{self, Role};

/// Undeclared waits of one registry: who, for whom, how often; and every undeclared use there ever was.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    state: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    edges: HashMap<(usize, usize), usize>,
    undeclared: Vec<(usize, usize)>,
}

/// A wait that is under way; ends when it is dropped.
pub(crate) struct Wait {
    shared: Arc<Shared>,
    edges: Vec<(usize, usize)>,
}

/// The services of this registry on whose start this thread is working.
fn starting(shared: &Shared) -> Vec<usize> {
    let mut services = Vec::new();
    ambient::find(|frame| {
        let service = frame.service() as usize;
        if frame.registry() == shared.id && frame.role() == Role::Starting && !services.contains(&service) {
            services.push(service);
        }
        None::<()>
    });
    services
}

impl Waits {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that whoever is starting on this thread uses `slot`, if it has not declared that.
    ///
    /// # Errors
    /// If this registry denies it.
    pub(crate) fn note_use(&self, shared: &Shared, slot: &Slot) -> Result<(), NotReady> {
        for service in starting(shared) {
            if service != slot.index && !shared.depends(service, slot.index) {
                let mut state = self.lock();
                if !state.undeclared.contains(&(service, slot.index)) {
                    state.undeclared.push((service, slot.index));
                }
                drop(state);
                if shared.options.deny_undeclared {
                    return Err(slot.refuse(Refusal::Undeclared(shared.slots[service].name.clone())));
                }
            }
        }
        Ok(())
    }

    /// Every undeclared use so far, in the plan's order.
    pub(crate) fn undeclared(&self) -> Vec<(usize, usize)> {
        let mut undeclared = self.lock().undeclared.clone();
        undeclared.sort_unstable();
        undeclared
    }

    /// Whom a service waits for right now, by calls it has made, in the plan's order.
    pub(crate) fn waited_for_by(&self, service: usize) -> Vec<usize> {
        let state = self.lock();
        let mut waited_for: Vec<_> = state.edges.keys().filter(|(who, _)| *who == service).map(|it| it.1).collect();
        waited_for.sort_unstable();
        waited_for
    }

    /// Begins to wait for `slot` on behalf of whoever is starting on this thread.
    ///
    /// # Errors
    /// With the whole circle, if `slot` waits for one of them in turn.
    pub(crate) fn begin(&self, shared: &Arc<Shared>, slot: &Slot) -> Result<Wait, NotReady> {
        let edges: Vec<_> = starting(shared).into_iter().map(|service| (service, slot.index)).collect();
        // Check and insert under one lock: of two waits that close a circle together, the second sees the first.
        let mut state = self.lock();
        for &(service, _) in &edges {
            if let Some(path) = state.path(shared, slot.index, service) {
                let circle = std::iter::once(service).chain(path);
                let names = circle.map(|at| shared.slots[at].name.to_string()).collect();
                return Err(slot.refuse(Refusal::Cycle(names)));
            }
        }
        for &edge in &edges {
            *state.edges.entry(edge).or_default() += 1;
        }
        Ok(Wait { shared: shared.clone(), edges })
    }
}

impl Waiting {
    /// How `from` waits for `to`: by what it declares and has not got yet, or by calls it has made.
    fn path(&self, shared: &Shared, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut came_from = HashMap::from([(from, from)]);
        let mut open = vec![from];
        while let Some(service) = open.pop() {
            if service == to {
                let mut path = vec![to];
                let mut at = to;
                while at != from {
                    at = came_from[&at];
                    path.push(at);
                }
                path.reverse();
                return Some(path);
            }
            let called = self.edges.keys().filter(|(who, _)| *who == service).map(|&(_, whom)| whom);
            let declared = shared.plan.services()[service].needs.iter();
            let declared = declared.filter(|need| need.bond == Bond::Requires || shared.is_coming_up(need.index));
            for next in called.chain(declared.map(|need| need.index)) {
                if shared.slots[next].state() != State::Ready && !came_from.contains_key(&next) {
                    came_from.insert(next, service);
                    open.push(next);
                }
            }
        }
        None
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut state = self.shared.waits.lock();
        for edge in &self.edges {
            if let Some(count) = state.edges.get_mut(edge) {
                *count -= 1;
                if *count == 0 {
                    state.edges.remove(edge);
                }
            }
        }
    }
}
