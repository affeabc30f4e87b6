//! A program that requires a `dyn Voice` and leaves it to its tests to link one in. Each test file is a program of its own:
//! `tests/listed.rs` has the crate with the voice in `Cargo.toml` only, `tests/named.rs` names it, too.

use std::sync::Arc;

use linking_port::Voice;
use service_core::service;

/// Says what the voice says.
#[service(autowire)]
pub struct Speaker {
    voice: Arc<dyn Voice>,
}

impl Speaker {
    /// A speaker built by hand.
    pub fn with(voice: Arc<dyn Voice>) -> Self {
        Self { voice }
    }

    /// What the voice says.
    pub fn speak(&self) -> &'static str {
        self.voice.say()
    }
}
