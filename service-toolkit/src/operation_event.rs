//! [`OperationEvent`]: an operation that has ended.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Identifies an operation. It is unique in the process, and most likely among all processes: the first part of its text is
/// random for each process, the second part counts the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(u64);

impl OperationId {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        static PROCESS: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()) as u32);
        write!(f, "{:08x}-{:x}", *PROCESS, self.0)
    }
}

/// How an operation has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationOutcome {
    /// The work returned a value.
    Success,
    /// The work returned an error.
    Error {
        /// The text of the error.
        error: String,
        /// The Rust path of its type.
        error_type: &'static str,
    },
    /// The future of the operation was dropped before the work had ended.
    Cancelled,
    /// The work panicked, with this message. It is empty if the panic has another payload than text.
    Panicked(String),
}

/// An operation that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationEvent {
    /// The id of the operation.
    pub id: OperationId,
    /// The id of the operation in which it began.
    pub parent: Option<OperationId>,
    /// The name of the operation.
    pub name: Cow<'static, str>,
    /// The domain of the operation.
    pub domain: Cow<'static, str>,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub elapsed: Duration,
    /// How it has ended.
    pub outcome: OperationOutcome,
    /// The metadata, in the order in which it was added. The fields for the outcome follow.
    pub metadata: Vec<(Cow<'static, str>, String)>,
}

impl OperationEvent {
    /// The metadata of this key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }
}
