//! [`WaitGraph`]: what waits for what, over all registries of the process: starting services, tasks, calls and boots. It finds
//! cycles.
//!
//! Every edge is certain: a service waits for its tasks in `wait_all` and while it stops. A wait through a channel is not in
//! the graph; if a service is late, it is reported as a possibility.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::waiter::{SeenRegistries, ServiceId, Waiter};
use crate::base::State;
use crate::plan::Bond;

/// Which edges a search follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// Only certain ones.
    Certain,
    /// Also from a starting service to its tasks, for which it may wait.
    Possible,
}

/// Every wait of the process.
pub(super) struct WaitGraph {
    next: u64,
    edges_of: BTreeMap<Waiter, Vec<WaitEdge>>,
}

/// One waiter of one wait.
pub(super) struct WaitEdge {
    /// The number of the wait.
    number: u64,
    pub target: Waiter,
    /// The name of the waiting task.
    task: Option<Arc<str>>,
    /// Whether only the end of the target ends the wait.
    is_endless: bool,
    /// Receives the cycle if this wait is refused.
    pub refuse: mpsc::UnboundedSender<Vec<String>>,
}

impl WaitGraph {
    pub(super) const fn new() -> Self {
        Self { next: 0, edges_of: BTreeMap::new() }
    }

    /// The number of the next wait.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// Adds a wait of all these waiters for `target`, and returns its number. `refuse` receives the cycle if the wait is
    /// refused later.
    pub(super) fn insert(
        &mut self,
        waiters: &[(Waiter, Option<Arc<str>>)],
        target: Waiter,
        is_endless: bool,
        refuse: &mpsc::UnboundedSender<Vec<String>>,
    ) -> u64 {
        let number = self.next;
        self.next += 1;
        for (waiter, task) in waiters {
            let edge = WaitEdge { number, target, task: task.clone(), is_endless, refuse: refuse.clone() };
            self.edges_of.entry(*waiter).or_default().push(edge);
        }
        number
    }

    /// Removes all edges of a waiter.
    pub(super) fn remove(&mut self, waiter: Waiter) -> Vec<WaitEdge> {
        self.edges_of.remove(&waiter).unwrap_or_default()
    }

    /// Removes the edges of one wait, and returns them, because dropping them runs code that must not run under the lock.
    pub(super) fn remove_wait(&mut self, number: u64, waiters: &[Waiter]) -> Vec<WaitEdge> {
        let mut removed = Vec::new();
        for waiter in waiters {
            if let Some(mut edges) = self.edges_of.remove(waiter) {
                removed.extend(edges.extract_if(.., |edge| edge.number == number));
                if !edges.is_empty() {
                    self.edges_of.insert(*waiter, edges);
                }
            }
        }
        removed
    }

    pub(super) fn edges(&self, waiter: Waiter) -> &[WaitEdge] {
        self.edges_of.get(&waiter).map_or(&[], |edges| edges)
    }

    /// Whether a service waits for this target by a wait of its own.
    pub(super) fn waits_for(&self, id: ServiceId, target: Waiter) -> bool {
        self.edges(Waiter::Service(id)).iter().any(|edge| edge.target == target)
    }

    /// Whether anything can wait for this one. Many tasks and calls wait, and few of them are waited for.
    pub(super) fn may_be_waited_for(&self, waiter: Waiter) -> bool {
        match waiter {
            Waiter::Task(id, _) => self.waits_for(id, Waiter::Tasks(id)),
            Waiter::Call(id, _) => self.waits_for(id, Waiter::Calls(id)),
            Waiter::Scope(..) => false,
            _ => true,
        }
    }

    /// The waiters of one kind that belong to a service.
    fn waiting(&self, kind: fn(ServiceId, u64) -> Waiter, id: ServiceId) -> impl Iterator<Item = Waiter> {
        self.edges_of.range(kind(id, 0)..=kind(id, u64::MAX)).map(|(waiter, _)| *waiter)
    }

    /// The waiting tasks of a service, and other code that waits on its behalf.
    pub(super) fn tasks_of(&self, id: ServiceId) -> impl Iterator<Item = Waiter> {
        self.waiting(Waiter::Task, id).chain(self.waiting(Waiter::Scope, id))
    }

    /// The shortest path from `from` to `to`, including both; from a waiter to itself, a cycle.
    pub(super) fn path(
        &self,
        seen: &mut SeenRegistries,
        from: Waiter,
        to: Waiter,
        follow: Follow,
    ) -> Option<Vec<Waiter>> {
        let mut came_from: HashMap<Waiter, Waiter> = HashMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(waiter) = open.pop_front() {
            for next in self.waited_for_by(seen, waiter, follow) {
                if next == to {
                    let back = std::iter::successors(Some(waiter), |at| came_from.get(at).copied());
                    let mut path: Vec<_> = std::iter::once(to).chain(back).collect();
                    path.reverse();
                    return Some(path);
                }
                if next != from && !came_from.contains_key(&next) {
                    came_from.insert(next, waiter);
                    open.push_back(next);
                }
            }
        }
        None
    }

    fn waited_for_by(&self, seen: &mut SeenRegistries, waiter: Waiter, follow: Follow) -> Vec<Waiter> {
        let edges = self.edges(waiter).iter().filter(|edge| edge.is_endless || follow == Follow::Possible);
        let mut target: Vec<_> = edges.map(|edge| edge.target).collect();
        match waiter {
            Waiter::Service(id) => {
                let Some(shared) = seen.get(id.registry) else { return Vec::new() };
                if shared.slots[id.service].state() == State::Ready {
                    return Vec::new();
                }
                let declared = shared.plan.services()[id.service].needs.iter();
                let declared = declared.filter(|need| need.bond == Bond::Requires || shared.is_coming_up(need.index));
                target.extend(declared.map(|need| Waiter::Service(ServiceId { service: need.index, ..id })));
                if follow == Follow::Possible {
                    target.extend(self.tasks_of(id));
                }
            }
            Waiter::Tasks(id) => target.extend(self.waiting(Waiter::Task, id)),
            Waiter::Calls(id) => target.extend(self.waiting(Waiter::Call, id)),
            Waiter::Boot(registry) => {
                let Some(shared) = seen.get(registry) else { return Vec::new() };
                let eager = shared.plan.services().iter().enumerate().filter(|(_, it)| it.eager);
                // The boot no longer waits for a service that has failed.
                let awaited = eager.filter(|(service, _)| {
                    let state = shared.slots[*service].state();
                    state == State::Idle || state.is_coming_up()
                });
                target.extend(awaited.map(|(service, _)| Waiter::Service(ServiceId { registry, service })));
            }
            Waiter::Task(..) | Waiter::Scope(..) | Waiter::Call(..) => {}
        }
        target
    }

    /// The names of a path for messages. A group is left out, because one of its members comes next.
    pub(super) fn names(&self, seen: &mut SeenRegistries, path: &[Waiter]) -> Vec<String> {
        let single =
            path.iter().filter(|waiter| !matches!(waiter, Waiter::Tasks(_) | Waiter::Calls(_) | Waiter::Boot(_)));
        single.map(|&waiter| self.name(seen, waiter)).collect()
    }

    pub(super) fn name(&self, seen: &mut SeenRegistries, waiter: Waiter) -> String {
        match waiter {
            Waiter::Service(id) => seen.name(id),
            Waiter::Task(id, _) => {
                let task = self.edges(waiter).iter().find_map(|edge| edge.task.as_deref());
                format!("task {} of {}", task.unwrap_or_default(), seen.name(id))
            }
            Waiter::Scope(id, _) => format!("what runs on behalf of {}", seen.name(id)),
            Waiter::Call(id, _) => format!("a call of {}", seen.name(id)),
            Waiter::Tasks(_) => "its tasks".to_owned(),
            Waiter::Calls(_) => "its calls".to_owned(),
            Waiter::Boot(_) => "the boot of another registry".to_owned(),
        }
    }
}
