//! [`Node`]: what the machine knows about one service.

use super::demands::Ticket;
use crate::base::State;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) state: State,
    pub(super) wanted: bool,
    pub(super) aborting: bool,
    /// It is on its way down only to come up again.
    pub(super) restarts: bool,
    /// Dependencies that are not settled; counted only while it waits.
    pub(super) unmet: usize,
    /// Dependants that are alive: starting, ready, or on their way down.
    pub(super) alive_above: usize,
    /// Those of them that may have its instance; what only comes after it has not.
    pub(super) alive_holders: usize,
    /// How many waits its start is in.
    pub(super) pauses: usize,
    /// Those that ask for it.
    pub(super) demands: Vec<Ticket>,
    /// Those of them that count it among what is not settled yet.
    pub(super) awaited_by: Vec<Ticket>,
}
