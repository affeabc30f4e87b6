//! Shared by the proofs: a record of what the hooks did, the events a registry told, latches, and random graphs.

mod dag;
mod latch;
mod record;
mod told;

pub use dag::{Dag, Dice};
pub use latch::Latch;
pub use record::Record;
pub use told::{Told, story, told};

use std::time::Duration;

use service_core::{Builder, Definition, Registry};

/// So many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A builder of a registry of its own. Every service that is linked into these proofs is lazy, so it boots only what a
/// proof defines or names.
#[track_caller]
pub fn isolated() -> Builder {
    Registry::builder().isolated()
}

/// An empty list of names.
pub const NONE: [&str; 0] = [];

/// A service that fails at once, with these words.
#[track_caller]
pub fn failing(name: &str, words: &'static str) -> Definition<()> {
    Definition::new(name).init(async move |_| Err(words.into()))
}

/// A service that is on its way up for ever.
#[track_caller]
pub fn hanging(name: &str) -> Definition<()> {
    Definition::new(name).init(async |_| std::future::pending().await)
}
