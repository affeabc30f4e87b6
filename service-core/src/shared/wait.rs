//! [`Wait`]: a wait of a service, task or call, for as long as it lasts. A wait that would complete a cycle is refused at
//! once, because nothing would ever end it.

use std::future::{Future, pending};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::current_task::CurrentTask;
use super::message::Message;
use super::registries;
use super::shared::Shared;
use super::wait_graph::{Follow, WaitGraph};
use super::waiter::{SeenRegistries, ServiceId, Waiter};
use crate::base::{Mutex, MutexGuard, race, sort_by};
use crate::gate::Slot;
use crate::gate::context_stack::{self, Role};
use crate::report::{NotReady, Refusal};

static GRAPH: Mutex<WaitGraph> = Mutex::new(WaitGraph::new());

fn lock() -> MutexGuard<'static, WaitGraph> {
    GRAPH.lock()
}

/// A wait of some waiters; it ends when this is dropped.
pub(crate) struct Wait {
    number: u64,
    waiters: Vec<Waiter>,
    /// The start of the service does not count against the limit of `concurrency` while it waits.
    is_paused: bool,
    /// Receives the cycle if this wait is refused.
    refused: mpsc::UnboundedReceiver<Vec<String>>,
}

/// A wait for a service by the code that runs on this thread; `None` if that code runs on behalf of no service.
///
/// # Errors
/// With the whole cycle, if the service waits for one of the waiters.
pub(crate) fn for_service(slot: &Slot, is_endless: bool) -> Result<Option<Wait>, NotReady> {
    begin(Waiter::Service(ServiceId::of(slot)), is_endless).map_err(|cycle| slot.refuse(Refusal::Cycle(cycle)))
}

/// The same, for the boot of a registry.
///
/// # Errors
/// With the whole cycle.
pub(crate) fn for_boot(shared: &Shared) -> Result<Option<Wait>, Vec<String>> {
    begin(Waiter::Boot(shared.id), true)
}

/// A wait of a service for all of its tasks.
pub(crate) fn for_tasks(slot: &Slot, is_endless: bool) -> Wait {
    for_all(slot, Waiter::Tasks(ServiceId::of(slot)), is_endless)
}

/// A wait of a service for all of its calls.
pub(crate) fn for_calls(slot: &Slot) -> Wait {
    for_all(slot, Waiter::Calls(ServiceId::of(slot)), true)
}

fn begin(target: Waiter, is_endless: bool) -> Result<Option<Wait>, Vec<String>> {
    let mut seen = SeenRegistries::default();
    // Check and insert under one lock: of two waits that complete a cycle together, the second sees the first.
    let mut graph = lock();
    let waiters = current_waiters(graph.next_number());
    if waiters.is_empty() {
        return Ok(None);
    }
    let wait = insert(&mut graph, &waiters, target, is_endless);
    let cycle = wait.waiters.iter().find_map(|&waiter| {
        let is_target = graph.may_be_waited_for(waiter);
        is_target.then(|| graph.path(&mut seen, waiter, waiter, Follow::Certain)).flatten()
    });
    let names = cycle.map(|cycle| graph.names(&mut seen, &cycle));
    // Dropping the wait takes the lock.
    drop(graph);
    names.map_or(Ok(Some(wait.paused())), Err)
}

/// If this completes a cycle, the wait of a task or call in it is refused: that one can return an error.
fn for_all(slot: &Slot, target: Waiter, is_endless: bool) -> Wait {
    let service = Waiter::Service(ServiceId::of(slot));
    let mut seen = SeenRegistries::default();
    let mut graph = lock();
    let wait = insert(&mut graph, &[(service, None)], target, is_endless);
    let mut refused = Vec::new();
    while let Some(cycle) = graph.path(&mut seen, service, service, Follow::Certain) {
        // Only cycles through a task or a call are new.
        let Some(task) = cycle.iter().position(|waiter| matches!(waiter, Waiter::Task(..) | Waiter::Call(..))) else {
            break;
        };
        // The error lists the cycle from the refused one.
        let cycle_from_task: Vec<_> = cycle[task..].iter().chain(&cycle[1..=task]).copied().collect();
        let names = graph.names(&mut seen, &cycle_from_task);
        refused.extend(graph.remove(cycle[task]).into_iter().map(|edge| (edge, names.clone())));
    }
    drop(graph);
    for (edge, names) in refused {
        // The wait may have ended in the meantime.
        let _ = edge.refuse.send(names);
    }
    wait
}

fn insert(graph: &mut WaitGraph, waiters: &[(Waiter, Option<Arc<str>>)], target: Waiter, is_endless: bool) -> Wait {
    let (refuse, refused) = mpsc::unbounded_channel();
    let number = graph.insert(waiters, target, is_endless, &refuse);
    Wait { number, waiters: waiters.iter().map(|(waiter, _)| *waiter).collect(), is_paused: false, refused }
}

/// The waiters for which the code on this thread runs: none of them continues before the wait of this number has ended.
fn current_waiters(number: u64) -> Vec<(Waiter, Option<Arc<str>>)> {
    let mut waiters: Vec<(Waiter, Option<Arc<str>>)> = Vec::new();
    let task = CurrentTask::current();
    context_stack::find(|frame| {
        let waiter = match frame.role() {
            Role::Starting => Waiter::Service(ServiceId::at(frame)),
            Role::Task if task.as_ref().is_none_or(|task| task.frame != frame) => {
                Waiter::Scope(ServiceId::at(frame), number)
            }
            Role::Call => Waiter::Call(ServiceId::at(frame), number),
            _ => return None::<()>,
        };
        if !waiters.iter().any(|(known, _)| *known == waiter) {
            waiters.push((waiter, None));
        }
        None
    });
    waiters.extend(task.map(|CurrentTask { frame, task }| {
        let waiter = if task.is_some() { Waiter::Task } else { Waiter::Scope };
        (waiter(ServiceId::at(frame), number), task.map(|(name, _)| name))
    }));
    waiters
}

/// What a starting service waits for, and the cycles that it may be part of, as clauses of a sentence about it.
pub(crate) fn describe(slot: &Slot) -> Vec<String> {
    let (id, mut seen) = (ServiceId::of(slot), SeenRegistries::default());
    let service = Waiter::Service(id);
    let graph = lock();
    let mut targets: Vec<_> = graph.edges(service).iter().map(|edge| graph.name(&mut seen, edge.target)).collect();
    sort_by(&mut targets, Ord::cmp);
    targets.dedup();
    let mut clauses = Vec::new();
    if !targets.is_empty() {
        clauses.push(format!("it waits for {}", targets.join(", ")));
    }
    for waiter in graph.tasks_of(id) {
        let Some(path) = graph.path(&mut seen, waiter, service, Follow::Possible) else { continue };
        let mut clause = String::from("it");
        for next in path {
            let is_possible = match next {
                Waiter::Task(id, _) | Waiter::Scope(id, _) => !graph.waits_for(id, Waiter::Tasks(id)),
                _ => false,
            };
            clause.push_str(if is_possible { " may wait for " } else { " waits for " });
            if next == service {
                clause.push_str("it");
            } else {
                clause.push_str(&graph.name(&mut seen, next));
                clause.push_str(", which");
            }
        }
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    clauses
}

impl Wait {
    /// A wait in a start: it frees its place under the limit of `concurrency`, because the service that it waits for may need
    /// that place. A stopping service keeps its place.
    pub(crate) fn paused(mut self) -> Self {
        self.is_paused = true;
        self.send(Message::Paused);
        self
    }

    /// Sends a message to the registry of each waiting service.
    fn send(&self, message: fn(usize) -> Message) {
        for waiter in &self.waiters {
            if let Waiter::Service(id) = waiter
                && let Some(shared) = registries::find(id.registry)
                && shared.options.concurrency < usize::MAX
            {
                shared.send(message(id.service));
            }
        }
    }

    /// The output of `future`, unless this wait is refused.
    ///
    /// # Errors
    /// With the whole cycle.
    pub(crate) async fn unless_refused<T>(
        wait: Option<Self>,
        future: impl Future<Output = T>,
    ) -> Result<T, Vec<String>> {
        let refusal = async {
            let mut wait = wait;
            if let Some(wait) = &mut wait
                && let Some(cycle) = wait.refused.recv().await
            {
                return Err(cycle);
            }
            pending().await
        };
        race(async { Ok(future.await) }, refusal).await
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let removed = lock().remove_wait(self.number, &self.waiters);
        // Outside of the lock: this may wake a receiver.
        drop(removed);
        if self.is_paused {
            self.send(Message::Resumed);
        }
    }
}
