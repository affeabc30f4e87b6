//! [`Effect`]: what is to be done outside of the machine.

use std::time::Duration;

use super::demands::Ticket;
use super::finish::Finish;
use super::unready::Unready;
use crate::base::{ShutdownReason, State};
use crate::report::{EventKind, RefusalCause};

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The budget of the boot.
    Boot,
    /// The lame-duck delay.
    LameDuck,
    /// The pause before a failed service is tried again.
    Retry(usize),
}

/// The public status of a service: its state, and the reason that a refused call gets.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub state: State,
    pub cause: RefusalCause,
}

/// What is to be done outside of the machine, in this order. `limit` is a service's share of the shutdown's budget, if
/// everything shuts down.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Publish the status of a service.
    Publish {
        service: usize,
        status: Status,
    },
    /// Refuse the calls that wait for a service, for this cause. Its state stays as it is.
    Refuse {
        service: usize,
        cause: RefusalCause,
    },
    /// It waits for nothing but a place under the limit of `concurrency`.
    Queue(usize),
    /// Run one attempt of its start, after this pause and until this time.
    Start {
        service: usize,
        attempt: u32,
        after: Option<Duration>,
        until: Duration,
    },
    /// Abort its start and unwind it.
    Abort {
        service: usize,
        limit: Option<Duration>,
    },
    /// Unwind an attempt that failed, or a start that ended too late.
    Unwind {
        service: usize,
        limit: Option<Duration>,
    },
    /// Admit calls, and publish that it is ready.
    Open(usize),
    /// Drain it and shut it down; refused calls get this cause.
    Stop {
        service: usize,
        cause: RefusalCause,
        limit: Option<Duration>,
    },
    /// Shorten what a service is already doing to its share of the budget.
    Limit {
        service: usize,
        limit: Option<Duration>,
    },
    /// Enter into the report how the service was unwound or stopped.
    Record(usize),
    Emit(EventKind),
    SetTimer(Timer, Duration),
    CancelTimer(Timer),
    /// The boot begins.
    BeginBoot,
    /// A demand is met, or lost by the failure of this service.
    Settle(Ticket, Result<(), usize>),
    /// A demand is neither met nor lost: everything shuts down.
    Dismiss(Ticket),
    /// Note what keeps each of these services from being ready, for the error of the boot.
    DescribeUnready(Vec<(usize, Unready)>),
    /// Publish why everything shuts down.
    SetReason(ShutdownReason),
    /// Everything is down. The machine ignores further events.
    Finish(Finish),
}
