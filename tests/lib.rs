//! What the tests share: a recorder of what hooks did, a collector of events, latches, random graphs, and
//! scripted services.

mod dag;
mod event_collector;
mod latch;
mod reading;
mod recorder;
mod services;

pub use dag::Dag;
pub use event_collector::{EventCollector, event_line, event_lines};
pub use latch::Latch;
pub use reading::{cycle_path, health_of, refused_tasks};
pub use recorder::Recorder;
pub use services::{checked, fail_when_open, failing, hanging, open, worker};

use std::time::Duration;

use service_core::{Builder, Registry};

/// This many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// This many seconds.
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A builder of an isolated registry. Every service that is linked into these tests is lazy, so the registry boots only what
/// a test defines or names.
#[track_caller]
pub fn isolated() -> Builder {
    Registry::builder().isolated()
}

/// An empty list of names.
pub const NONE: [&str; 0] = [];
