//! Tools for tests of async code: a mock, a tester for scopes, assertions with a deadline, and a leak check.
//!
//! `#[service_core::test]` and the `replace` methods of [`Builder`](service_core::Builder) put fakes in the place of services, and
//! start and stop a registry for each test. The items of this module are what such a test consists of. They use tokio's clock, so
//! that a paused clock skips every wait, and they panic with a message that names what was expected.

mod context_tester;
#[cfg(feature = "event_bus")]
mod event_watch;
mod eventually;
mod leak_check;
mod mock;

pub use context_tester::{CleanupGuard, ContextStep, ContextTester};
#[cfg(feature = "event_bus")]
pub use event_watch::EventWatch;
pub use eventually::{Condition, eventually};
pub use leak_check::LeakCheck;
pub use mock::Mock;
