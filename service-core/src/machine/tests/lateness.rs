//! What the error of a boot says in a [`Life`] that has run out of its budget.

use super::known::Doing;
use super::life::Life;
use crate::base::State;
use crate::machine::{BOOT, Unready};

impl Life {
    /// What the error of a boot says that has run out of its budget.
    pub(super) fn describe(&self, unready: &[(usize, Unready)]) {
        let members = &self.demands[&BOOT].members;
        for &service in members {
            let is_up = self.each[service].doing == Doing::Up && !self.moved.contains(&service);
            let is_late = !is_up && !matches!(self.machine.state(service), State::Failed | State::Blocked);
            let says = unready.iter().find(|(at, _)| *at == service).map(|(_, says)| says);
            self.check(is_late == says.is_some(), "each late service is named");
            let agrees = match says {
                Some(Unready::Unwinds) => self.each[service].doing == Doing::Undoing,
                Some(Unready::Starts(attempt)) => *attempt == self.each[service].attempt,
                Some(Unready::WaitsForPlace) => {
                    let taken = self.each.iter().filter(|it| it.has_place && it.pauses == 0).count();
                    taken >= self.settings.concurrency
                }
                Some(Unready::WaitsFor(on)) => !on.is_empty(),
                Some(Unready::Restarts(_)) => self.each[service].was_up,
                None => true,
            };
            self.check(agrees, "it is late for this reason");
        }
    }
}
