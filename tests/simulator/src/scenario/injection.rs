//! [`Injection`]: an action that is injected into a run from outside, and what triggers it.

use serde::{Deserialize, Serialize};

/// An action that is injected into a run, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injection {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: Action,
}

/// When an action is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// This long after the boot began.
    Time(u64),
    /// When the hook with this number starts or ends; the action runs inside that hook.
    Step(usize),
    /// When the listener receives the event with this number; the action runs inside the listener.
    Event(u64),
}

/// What is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Cancels the registry's token.
    Cancel,
    /// Drops the future of `boot()`, or all handles of the registry once the boot has ended.
    Drop,
    /// Requests the shutdown. Cancels the token instead while nobody has a handle of the registry.
    RequestShutdown,
    /// Ends the run of a service's supervised task: the current run, or the next one whose end is injected.
    FailTask(usize),
}
