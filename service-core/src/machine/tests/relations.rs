//! What follows from the plan and the demands in a [`Life`].

use std::collections::BTreeSet;

use super::known::Doing;
use super::life::{Demand, Life};
use crate::base::State;
use crate::machine::{BOOT, Ticket};
use crate::plan::Bond;

impl Life {
    pub(super) fn below(&self, service: usize, bond: Bond) -> impl Iterator<Item = usize> {
        self.plan.services()[service].needs.iter().filter(move |need| need.bond == bond).map(|need| need.index)
    }

    pub(super) fn closure(&self, roots: &[usize]) -> BTreeSet<usize> {
        let mut open = roots.to_vec();
        let mut closure = BTreeSet::new();
        while let Some(at) = open.pop() {
            if closure.insert(at) {
                open.extend(self.below(at, Bond::Requires));
            }
        }
        closure
    }

    /// Those that start again with a service: it, and those alive that hold its instance.
    pub(super) fn holders(&self, service: usize) -> BTreeSet<usize> {
        let mut moved = BTreeSet::from([service]);
        for above in service + 1..self.plan.len() {
            let held = |bond| self.below(above, bond).any(|on| moved.contains(&on));
            // What failed is not started again by this, although it is still being undone.
            let has_failed = self.each[above].doing == Doing::Undoing && self.machine.state(above) != State::Starting;
            if self.is_alive(above) && !has_failed && (held(Bond::Requires) || held(Bond::Wants)) {
                moved.insert(above);
            }
        }
        moved
    }

    /// Whether a demand that is not lost has it as a member.
    pub(super) fn is_demanded(&self, service: usize) -> bool {
        let lost = |ticket: Ticket, demand: &Demand| matches!(demand.answer, Some(Err(_))) && ticket != BOOT;
        self.demands.iter().any(|(ticket, demand)| !lost(*ticket, demand) && demand.members.contains(&service))
    }

    /// The same, or it was up when its demand was lost, and one that is wanted has depended on it since.
    pub(super) fn is_wanted(&self, service: usize) -> bool {
        self.is_demanded(service) || self.kept.contains(&service) && self.has_wanted_dependant(service)
    }

    pub(super) fn has_wanted_dependant(&self, service: usize) -> bool {
        let is_lost = |at: usize| matches!(self.machine.state(at), State::Failed | State::Blocked);
        let mut dependants = self.plan.services()[service].dependants.iter();
        dependants.any(|&above| self.is_wanted(above) && !is_lost(above))
    }
}
