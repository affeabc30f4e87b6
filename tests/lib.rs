//! What the tests share: a recorder of what hooks did, a collector of events, latches, and random graphs.

mod dag;
mod event_collector;
mod latch;
mod recorder;

pub use dag::Dag;
pub use event_collector::{EventCollector, event_line, event_lines};
pub use latch::Latch;
pub use recorder::Recorder;

use std::time::Duration;

use service_core::{Builder, Definition, Registry};

/// This many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A builder of an isolated registry. Every service that is linked into these tests is lazy, so the registry boots only what
/// a test defines or names.
#[track_caller]
pub fn isolated() -> Builder {
    Registry::builder().isolated()
}

/// An empty list of names.
pub const NONE: [&str; 0] = [];

/// A service whose `init` fails at once, with this error.
#[track_caller]
pub fn failing(name: &str, error: &'static str) -> Definition<()> {
    Definition::new(name).init(async move |_| Err(error.into()))
}

/// A service whose `init` never ends.
#[track_caller]
pub fn hanging(name: &str) -> Definition<()> {
    Definition::new(name).init(async |_| std::future::pending().await)
}
