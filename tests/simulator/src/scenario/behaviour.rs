//! [`Behaviour`]: what one run of one hook does.

use serde::{Deserialize, Serialize};

/// What one run of one hook does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// How long it takes. With 0, the hook ends in its first poll.
    pub takes: u64,
    /// The hook extends its deadline: after how long, and by how much.
    pub extends: Option<(u64, u64)>,
    /// How it ends.
    pub outcome: Outcome,
}

/// How a hook ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It succeeds.
    Success,
    /// It returns an error; `health` reports that the service is unhealthy.
    Error,
    /// It panics.
    Panic(PanicPayload),
    /// It never ends.
    Hang,
    /// It awaits the shutdown of its own registry, which must be refused immediately, and then succeeds.
    AwaitsShutdown,
}

/// What a panic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PanicPayload {
    /// A `String`.
    String,
    /// A `&'static str`.
    Str,
    /// A value that is not text.
    Other,
}

impl Behaviour {
    /// Takes this long and succeeds.
    pub const fn succeeds(takes: u64) -> Self {
        Self::new(takes, Outcome::Success)
    }

    /// Takes this long and ends with this outcome.
    pub const fn new(takes: u64, outcome: Outcome) -> Self {
        Self { takes, extends: None, outcome }
    }
}

impl Outcome {
    /// Whether it is not a failure.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::AwaitsShutdown)
    }
}
