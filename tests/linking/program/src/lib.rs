//! A program that requires a `dyn Voice`, which `linking-plug` provides. `Cargo.toml` lists that crate. Each test file is its own
//! program: the code of `tests/named.rs` names the crate, the code of `tests/listed.rs` does not.

use std::sync::Arc;

use linking_port::Voice;
use service_core::service;

/// A service that requires a `dyn Voice`.
#[service(autowire)]
pub struct Speaker {
    voice: Arc<dyn Voice>,
}

impl Speaker {
    /// A speaker with this voice.
    pub fn with(voice: Arc<dyn Voice>) -> Self {
        Self { voice }
    }

    /// The text of the voice.
    pub fn speak(&self) -> &'static str {
        self.voice.say()
    }
}
