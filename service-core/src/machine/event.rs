//! [`Event`]: what the machine is told.

use super::demands::Ticket;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// These are asked for, with all they require. If `whole`, everything goes down when this fails.
    Demand { ticket: Ticket, roots: Vec<usize>, whole: bool },
    /// It came up: `init`, `start` and `health` went well.
    Started(usize),
    /// Its start waits for another service from now on: until it goes on, its place is for somebody else.
    Paused(usize),
    /// Its start goes on, after one such wait.
    Resumed(usize),
    /// It did not come up, and what it had begun is undone.
    StartFailed(usize),
    /// Its start was aborted, or came too late, and what it had begun is undone.
    Unwound(usize),
    /// It is down.
    Stopped(usize),
    /// It is to be replaced by a new instance: with those above it that hold the old one, and with nothing else.
    Restart(usize),
    /// It is to be tried again if it is still down by its own failure, with those that it has blocked.
    Revive(usize),
    /// Everything is to go down.
    ShutDown,
}
