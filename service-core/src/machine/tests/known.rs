//! [`Known`]: what the world of a [`Life`](super::life::Life) knows about one service.

use std::time::Duration;

/// What the world is doing for a service: what it was told to do, and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Nothing,
    Starting,
    /// Told to abort its start.
    Aborting,
    /// Told to unwind a start that ended too late.
    Unwinding,
    /// Told to unwind an attempt that failed.
    Undoing,
    Up,
    Stopping,
}

/// What the world knows about one service.
#[derive(Clone)]
pub(super) struct Known {
    pub doing: Doing,
    /// How many waits for others its start is in.
    pub pauses: usize,
    /// Whether it has ever failed, or been blocked.
    pub fell: bool,
    /// Whether it has failed, and is not tried again yet.
    pub failed: bool,
    /// Whether an attempt has failed that it is not told to unwind yet.
    pub failing: bool,
    /// The pause before the attempt that follows when the failed one is unwound.
    pub retry: Option<Duration>,
    /// Whether it takes one of the places to start.
    pub has_place: bool,
    /// Whether it is to recover from a failure.
    pub setback: bool,
    /// Whether a task of it has failed, and it is not restarted.
    pub task_failed: bool,
    /// Whether it was up, and is to be up again.
    pub was_up: bool,
    pub attempt: u32,
    /// When the budget of its start ends.
    pub until: Duration,
    /// When it was restarted by its policy.
    pub restarts: Vec<Duration>,
}

impl Known {
    /// A service that was never requested.
    pub(super) fn new() -> Self {
        Self {
            doing: Doing::Nothing,
            pauses: 0,
            fell: false,
            failed: false,
            failing: false,
            retry: None,
            has_place: false,
            setback: false,
            task_failed: false,
            was_up: false,
            attempt: 0,
            until: Duration::ZERO,
            restarts: Vec::new(),
        }
    }
}
