//! [`Wait`]: who waits for whom, over all registries of the process, as far as it can be seen: starting services, tasks and
//! boots, beyond what is declared. A wait that would close a circle is refused at once, because nothing would ever end it.
//!
//! What is seen is certain: a service waits for its tasks where it says so, in `wait_all`, and on its way down; not because
//! it has some. One that waits for a task by a channel is seen by nobody; it is told of when it is late, as what it may be.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::mpsc;

use super::current_task::Errand;
use super::message::Message;
use super::registries;
use super::shared::Shared;
use crate::base::State;
use crate::base::{Mutex, MutexGuard};
use crate::gate::Slot;
use crate::gate::context_stack;
use crate::gate::context_stack::{Frame, Role};
use crate::plan::Bond;
use crate::report::{NotReady, Refusal};

static WAITS: Mutex<Waits> = Mutex::new(Waits { next: 0, under_way: BTreeMap::new() });

/// A service of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Id {
    registry: u32,
    service: usize,
}

/// Who waits, or is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Party {
    /// A service, until it is up.
    Service(Id),
    /// One of its tasks, in the wait of this number.
    Task(Id, u64),
    /// What else runs on its behalf, and is not in its table of tasks.
    Elsewhere(Id, u64),
    /// One of its guarded calls, likewise.
    Call(Id, u64),
    /// All of its tasks.
    Tasks(Id),
    /// All of its calls.
    Calls(Id),
    /// The boot of a registry.
    Boot(u32),
}

/// What is followed on the way from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// Only what is certain.
    Certain,
    /// Also that a starting service may wait for its tasks.
    Possible,
}

/// Every wait that is under way.
struct Waits {
    next: u64,
    under_way: BTreeMap<Party, Vec<Edge>>,
}

struct Edge {
    /// Of the wait it belongs to.
    number: u64,
    whom: Party,
    /// The name of the task that waits.
    task: Option<Arc<str>>,
    /// Whether nothing ends it but what it waits for.
    is_endless: bool,
    /// Takes the circle, if this is the wait that is given up.
    refuse: mpsc::UnboundedSender<Vec<String>>,
}

/// A wait that is under way; ends when it is dropped.
pub(crate) struct Wait {
    number: u64,
    who: Vec<Party>,
    has_left_its_place: bool,
    refused: mpsc::UnboundedReceiver<Vec<String>>,
}

/// The registries that have been looked at. It outlives the lock, because with it the last handle of one may go.
#[derive(Default)]
struct Known {
    registries: HashMap<u32, Option<Arc<Shared>>>,
}

/// A wait for a service, of whoever runs on this thread; `None` if nothing is kept from going on by it.
///
/// # Errors
/// With the whole circle, if the service waits for one of them in turn.
pub(crate) fn for_service(slot: &Slot, is_endless: bool) -> Result<Option<Wait>, NotReady> {
    begin(Party::Service(Id::of(slot)), is_endless).map_err(|circle| slot.refuse(Refusal::Cycle(circle)))
}

/// The same, for the boot of a registry.
///
/// # Errors
/// With the whole circle.
pub(crate) fn for_boot(shared: &Shared) -> Result<Option<Wait>, Vec<String>> {
    begin(Party::Boot(shared.id), true)
}

/// A wait of a service for all of its tasks.
pub(crate) fn for_tasks(slot: &Slot, is_endless: bool) -> Wait {
    for_all(slot, Party::Tasks(Id::of(slot)), is_endless)
}

/// A wait of a service for all of its calls.
pub(crate) fn for_calls(slot: &Slot) -> Wait {
    for_all(slot, Party::Calls(Id::of(slot)), true)
}

/// Where this closes a circle, it is the wait of the task or call that is given up: that one can take an error.
fn for_all(slot: &Slot, whom: Party, is_endless: bool) -> Wait {
    let service = Party::Service(Id::of(slot));
    let mut known = Known::default();
    let mut waits = lock();
    let wait = waits.insert(vec![(service, None)], whom, is_endless);
    let mut given_up = Vec::new();
    while let Some(circle) = waits.path(&mut known, service, service, Follow::Certain) {
        // No other circle is new, so the way round leads through one of them.
        let Some(task) = circle.iter().position(|party| matches!(party, Party::Task(..) | Party::Call(..))) else {
            break;
        };
        // Told from there, as if it had come last.
        let round: Vec<_> = circle[task..].iter().chain(&circle[1..=task]).copied().collect();
        let names = waits.names(&mut known, &round);
        given_up.extend(waits.under_way.remove(&circle[task]).into_iter().flatten().map(|edge| (edge, names.clone())));
    }
    drop(waits);
    for (edge, names) in given_up {
        // It may just have ended by itself.
        let _ = edge.refuse.send(names);
    }
    wait
}

fn begin(whom: Party, is_endless: bool) -> Result<Option<Wait>, Vec<String>> {
    let mut known = Known::default();
    // Check and insert under one lock: of two waits that close a circle together, the second sees the first.
    let mut waits = lock();
    let who = parties(waits.next);
    if who.is_empty() {
        return Ok(None);
    }
    let wait = waits.insert(who, whom, is_endless);
    let circle = wait.who.iter().find_map(|&who| {
        if waits.may_be_waited_for(who) { waits.path(&mut known, who, who, Follow::Certain) } else { None }
    });
    let names = circle.map(|circle| waits.names(&mut known, &circle));
    // It ends by being dropped, which takes the lock.
    drop(waits);
    names.map_or(Ok(Some(wait.leaving_its_place())), Err)
}

/// Whom a service waits for in its start, and the circles that it may be in, as clauses of a sentence about it.
pub(crate) fn told(slot: &Slot) -> Vec<String> {
    let (id, mut known) = (Id::of(slot), Known::default());
    let service = Party::Service(id);
    let waits = lock();
    let mut whom: Vec<_> = waits.edges(service).iter().map(|edge| waits.name(&mut known, edge.whom)).collect();
    whom.sort_unstable();
    whom.dedup();
    let mut told = Vec::new();
    if !whom.is_empty() {
        told.push(format!("it waits for {}", whom.join(", ")));
    }
    for party in waits.tasks_of(id) {
        let Some(path) = waits.path(&mut known, party, service, Follow::Possible) else { continue };
        let mut words = String::from("it");
        for next in path {
            let may = match next {
                Party::Task(id, _) | Party::Elsewhere(id, _) => !waits.waits_for(id, Party::Tasks(id)),
                _ => false,
            };
            words.push_str(if may { " may wait for " } else { " waits for " });
            if next == service {
                words.push_str("it");
            } else {
                words.push_str(&waits.name(&mut known, next));
                words.push_str(", which");
            }
        }
        if !told.contains(&words) {
            told.push(words);
        }
    }
    told
}

/// On whose behalf this thread runs: what cannot go on before a wait ends that begins now, under this number.
fn parties(number: u64) -> Vec<(Party, Option<Arc<str>>)> {
    let mut parties: Vec<(Party, Option<Arc<str>>)> = Vec::new();
    let errand = Errand::current();
    context_stack::find(|frame| {
        let party = match frame.role() {
            Role::Starting => Party::Service(Id::at(frame)),
            Role::Task if errand.as_ref().is_none_or(|errand| errand.frame != frame) => {
                Party::Elsewhere(Id::at(frame), number)
            }
            Role::Call => Party::Call(Id::at(frame), number),
            _ => return None::<()>,
        };
        if !parties.iter().any(|(known, _)| *known == party) {
            parties.push((party, None));
        }
        None
    });
    parties.extend(errand.map(|Errand { frame, task }| {
        let party = if task.is_some() { Party::Task } else { Party::Elsewhere };
        (party(Id::at(frame), number), task)
    }));
    parties
}

fn lock() -> MutexGuard<'static, Waits> {
    WAITS.lock()
}

impl Waits {
    fn insert(&mut self, who: Vec<(Party, Option<Arc<str>>)>, whom: Party, is_endless: bool) -> Wait {
        let number = self.next;
        self.next += 1;
        let (refuse, refused) = mpsc::unbounded_channel();
        let mut wait = Wait { number, who: Vec::with_capacity(who.len()), has_left_its_place: false, refused };
        for (party, task) in who {
            let edge = Edge { number, whom, task, is_endless, refuse: refuse.clone() };
            self.under_way.entry(party).or_default().push(edge);
            wait.who.push(party);
        }
        wait
    }

    fn edges(&self, party: Party) -> &[Edge] {
        self.under_way.get(&party).map_or(&[], |edges| edges)
    }

    /// Whether a service has said that it waits for these.
    fn waits_for(&self, id: Id, whom: Party) -> bool {
        self.edges(Party::Service(id)).iter().any(|edge| edge.whom == whom)
    }

    /// Whether anybody can wait for this one. Few tasks and calls are waited for, and many wait.
    fn may_be_waited_for(&self, party: Party) -> bool {
        match party {
            Party::Task(id, _) => self.waits_for(id, Party::Tasks(id)),
            Party::Call(id, _) => self.waits_for(id, Party::Calls(id)),
            Party::Elsewhere(..) => false,
            _ => true,
        }
    }

    /// Those of a kind that belong to a service and wait.
    fn waiting(&self, kind: fn(Id, u64) -> Party, id: Id) -> impl Iterator<Item = Party> {
        self.under_way.range(kind(id, 0)..=kind(id, u64::MAX)).map(|(party, _)| *party)
    }

    /// The tasks of a service that wait, and what else waits on its behalf.
    fn tasks_of(&self, id: Id) -> impl Iterator<Item = Party> {
        self.waiting(Party::Task, id).chain(self.waiting(Party::Elsewhere, id))
    }

    /// How `from` waits for `to`, the shortest way, with both; from one to itself, the way round.
    fn path(&self, known: &mut Known, from: Party, to: Party, follow: Follow) -> Option<Vec<Party>> {
        let mut came_from: HashMap<Party, Party> = HashMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(party) = open.pop_front() {
            for next in self.waited_for_by(known, party, follow) {
                if next == to {
                    let back = std::iter::successors(Some(party), |at| came_from.get(at).copied());
                    let mut path: Vec<_> = std::iter::once(to).chain(back).collect();
                    path.reverse();
                    return Some(path);
                }
                if next != from && !came_from.contains_key(&next) {
                    came_from.insert(next, party);
                    open.push_back(next);
                }
            }
        }
        None
    }

    fn waited_for_by(&self, known: &mut Known, party: Party, follow: Follow) -> Vec<Party> {
        let edges = self.edges(party).iter().filter(|edge| edge.is_endless || follow == Follow::Possible);
        let mut whom: Vec<_> = edges.map(|edge| edge.whom).collect();
        match party {
            Party::Service(id) => {
                let Some(shared) = known.registry(id.registry) else { return Vec::new() };
                if shared.slots[id.service].state() == State::Ready {
                    return Vec::new();
                }
                let declared = shared.plan.services()[id.service].needs.iter();
                let declared = declared.filter(|need| need.bond == Bond::Requires || shared.is_coming_up(need.index));
                whom.extend(declared.map(|need| Party::Service(Id { service: need.index, ..id })));
                if follow == Follow::Possible {
                    whom.extend(self.tasks_of(id));
                }
            }
            Party::Tasks(id) => whom.extend(self.waiting(Party::Task, id)),
            Party::Calls(id) => whom.extend(self.waiting(Party::Call, id)),
            Party::Boot(registry) => {
                let Some(shared) = known.registry(registry) else { return Vec::new() };
                let eager = shared.plan.services().iter().enumerate().filter(|(_, it)| it.eager);
                // What has failed is no longer waited for.
                let awaited = eager.filter(|(service, _)| {
                    let state = shared.slots[*service].state();
                    state == State::Idle || state.is_coming_up()
                });
                whom.extend(awaited.map(|(service, _)| Party::Service(Id { registry, service })));
            }
            Party::Task(..) | Party::Elsewhere(..) | Party::Call(..) => {}
        }
        whom
    }

    /// What people read: groups are left out, because one of the group comes next.
    fn names(&self, known: &mut Known, path: &[Party]) -> Vec<String> {
        let single = path.iter().filter(|party| !matches!(party, Party::Tasks(_) | Party::Calls(_) | Party::Boot(_)));
        single.map(|&party| self.name(known, party)).collect()
    }

    fn name(&self, known: &mut Known, party: Party) -> String {
        let mut service = |id: Id| match known.registry(id.registry) {
            Some(shared) => shared.slots[id.service].name.to_string(),
            None => "a service that is gone".to_owned(),
        };
        match party {
            Party::Service(id) => service(id),
            Party::Task(id, _) => {
                let task = self.edges(party).iter().find_map(|edge| edge.task.as_deref());
                format!("task {} of {}", task.unwrap_or_default(), service(id))
            }
            Party::Elsewhere(id, _) => format!("what runs on behalf of {}", service(id)),
            Party::Call(id, _) => format!("a call of {}", service(id)),
            Party::Tasks(_) => "its tasks".to_owned(),
            Party::Calls(_) => "its calls".to_owned(),
            Party::Boot(_) => "the boot of another registry".to_owned(),
        }
    }
}

impl Id {
    fn of(slot: &Slot) -> Self {
        Self { registry: slot.registry, service: slot.index }
    }

    fn at(frame: Frame) -> Self {
        Self { registry: frame.registry(), service: frame.service() as usize }
    }
}

impl Known {
    fn registry(&mut self, number: u32) -> Option<&Arc<Shared>> {
        self.registries.entry(number).or_insert_with(|| registries::find(number)).as_ref()
    }
}

impl Wait {
    /// A wait in a start: where only so many may start at once, the one that is waited for may be in need of the place. On its
    /// way down, a service keeps it.
    pub(crate) fn leaving_its_place(mut self) -> Self {
        self.has_left_its_place = true;
        self.tell(Message::Paused);
        self
    }

    /// Tells the registries of those services that wait.
    fn tell(&self, message: fn(usize) -> Message) {
        for who in &self.who {
            if let Party::Service(id) = who
                && let Some(shared) = registries::find(id.registry)
                && shared.options.concurrency < usize::MAX
            {
                shared.send(message(id.service));
            }
        }
    }

    /// What comes of `future`, unless this wait is given up for it closes a circle.
    ///
    /// # Errors
    /// With the whole circle.
    pub(crate) async fn unless_given_up<T>(
        wait: Option<Self>,
        future: impl Future<Output = T>,
    ) -> Result<T, Vec<String>> {
        let mut wait = wait;
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            match wait.as_mut().map(|wait| wait.refused.poll_recv(cx)) {
                Some(Poll::Ready(Some(circle))) => Poll::Ready(Err(circle)),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut ended = Vec::new();
        let mut waits = lock();
        for who in &self.who {
            if let Some(mut edges) = waits.under_way.remove(who) {
                ended.extend(edges.extract_if(.., |edge| edge.number == self.number));
                if !edges.is_empty() {
                    waits.under_way.insert(*who, edges);
                }
            }
        }
        // Their other end is told, which is not to be done under the lock.
        drop(waits);
        drop(ended);
        if self.has_left_its_place {
            self.tell(Message::Resumed);
        }
    }
}
