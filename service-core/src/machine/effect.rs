//! [`Effect`]: what the machine says is to be done.

use super::demands::Ticket;

/// Something to be done, or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It waits for its turn.
    Wait(usize),
    /// Begin its `init`.
    Start(usize),
    /// It came up: let calls in.
    Open(usize),
    /// It failed: tell those who wait.
    Fail(usize),
    /// It will not be started, because the second one failed.
    Block(usize, usize),
    /// Give up its start, and undo it.
    Abort(usize),
    /// It came up too late: undo it.
    Unwind(usize),
    /// It will not be started, and nobody is to blame.
    Forget(usize),
    /// Drain it and shut it down.
    Stop(usize),
    /// All that this demand asked for is up, or can't be: then by whose failure.
    Settle(Ticket, Result<(), usize>),
    /// A failure takes everything down.
    RollBack,
    /// Everything is down; the machine takes no further input.
    Finish,
}
