//! [`State`]: where a service is in its life.

use std::fmt;

/// Where a service is in its life. Displays in lower case, as it is written in graphs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nobody has asked for it: no boot has begun, or it is lazy.
    Idle,
    /// Asked for; something it depends on is not ready, or the concurrency cap is reached.
    Waiting,
    /// `init`, `start` or the first `health` is running.
    Starting,
    /// Up: guarded calls run.
    Ready,
    /// New guarded calls are refused, admitted ones are finishing.
    Draining,
    /// `shutdown` and deferred cleanups are running.
    Stopping,
    /// Down, after having been ready.
    Stopped,
    /// Its own `init`, `start` or `health` failed.
    Failed,
    /// Something it requires failed, so it was never started.
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
