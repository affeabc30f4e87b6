//! [`Demands`]: what is asked for, and how much of it is still missing.

use std::collections::HashMap;

use crate::base::sort_by;

/// Names a demand.
pub(crate) type Ticket = u64;

/// The demand of the boot. If a member fails that is not optional, everything is rolled back.
pub(crate) const BOOT: Ticket = 0;

/// Some services, with all they require.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// The roots and all that they require, in the plan's order.
    pub members: Vec<usize>,
    /// How many of these are neither ready, nor failed, nor blocked.
    pub unsettled: usize,
    /// Its members are wanted by other demands, so it is forgotten when it is met.
    pub is_passing: bool,
}

/// What the failure of a member means for a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The demand waits for other members.
    Open,
    /// The member was the last one that the demand waited for, and it is optional.
    Met,
    /// The demand cannot be met.
    Lost,
    /// The demand cannot be met, and the registry shuts down.
    Fatal,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Demands(HashMap<Ticket, Demand>);

impl Demands {
    pub(super) fn add(&mut self, ticket: Ticket, demand: Demand) {
        self.0.insert(ticket, demand);
    }

    /// It waits for one more member.
    pub(super) fn wait_for(&mut self, ticket: Ticket) {
        if let Some(demand) = self.0.get_mut(&ticket) {
            demand.unsettled += 1;
        }
    }

    /// One of its members is ready. Returns whether it was the last one that the demand waited for.
    pub(super) fn met(&mut self, ticket: Ticket) -> bool {
        let Some(demand) = self.0.get_mut(&ticket) else { return false };
        demand.unsettled -= 1;
        let (is_met, is_passing) = (demand.unsettled == 0, demand.is_passing);
        if is_met && is_passing {
            self.0.remove(&ticket);
        }
        is_met
    }

    /// A member that was ready restarts. Returns whether the demand waits for it: not if the demand was met before.
    pub(super) fn reopen(&mut self, ticket: Ticket) -> bool {
        let Some(demand) = self.0.get_mut(&ticket).filter(|demand| demand.unsettled > 0) else { return false };
        demand.unsettled += 1;
        true
    }

    /// A member has failed or is blocked.
    pub(super) fn missed(&mut self, ticket: Ticket, optional: bool) -> Verdict {
        let Some(demand) = self.0.get_mut(&ticket) else { return Verdict::Open };
        demand.unsettled -= 1;
        match (ticket == BOOT, optional) {
            (true, false) => Verdict::Fatal,
            // Each of its members is required, so its roots are blocked too.
            (false, _) => Verdict::Lost,
            _ if demand.unsettled == 0 => Verdict::Met,
            _ => Verdict::Open,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those requests that are neither met nor lost.
    pub(super) fn open(&self) -> Vec<Ticket> {
        let open = self.0.iter().filter(|(ticket, demand)| **ticket != BOOT && demand.unsettled > 0);
        let mut open: Vec<_> = open.map(|(ticket, _)| *ticket).collect();
        sort_by(&mut open, Ord::cmp);
        open
    }

    /// Forgets a demand, and says what its members were, if it was not forgotten before.
    pub(super) fn take_back(&mut self, ticket: Ticket) -> Option<Vec<usize>> {
        Some(self.0.remove(&ticket)?.members)
    }
}
