//! [`State`]: the state of a service.

use std::fmt;

/// The state of a service. Displays in lower case, as in graphs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// Not requested: no boot has begun, or it is lazy.
    Idle,
    /// Requested; a dependency is not ready, or the limit of `concurrency` is reached.
    Waiting,
    /// `init`, `start` or the first `health` is running, or will be tried again.
    Starting,
    /// Guarded calls run.
    Ready,
    /// New guarded calls are refused; admitted calls and tasks are finishing.
    Draining,
    /// `shutdown` and deferred cleanups are running.
    Stopping,
    /// Shut down.
    Stopped,
    /// Its own `init`, `start` or `health` failed. What its start has begun may still be ending: tasks and deferred cleanups.
    Failed,
    /// A service that it requires failed, so it is not started.
    Blocked,
}

impl State {
    /// Whether it is on its way to [`State::Ready`].
    pub const fn is_coming_up(self) -> bool {
        matches!(self, Self::Waiting | Self::Starting)
    }

    /// The state in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
