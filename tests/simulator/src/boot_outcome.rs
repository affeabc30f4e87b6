//! [`BootOutcome`]: how the boot of a run ended.

use service_core::{BootError, BootReport};

/// How the boot of a run ended.
#[derive(Debug)]
pub enum BootOutcome {
    /// The registry is up.
    Up(BootReport),
    /// The boot failed.
    Failed(BootError),
    /// The future of `boot()` was dropped.
    Dropped,
}
