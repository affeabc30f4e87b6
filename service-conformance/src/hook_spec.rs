//! [`HookSpec`]: what one hook of a service of a plan does.

use std::any::Any;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::InjectedError;
use crate::log::HookEvent;

/// What one hook does.
#[derive(Clone, Debug, Default)]
pub(crate) struct HookSpec {
    /// How long it takes.
    pub(crate) takes: Duration,
    /// How it ends.
    pub(crate) outcome: Outcome,
    /// The barrier at which it waits before anything else.
    pub(crate) barrier: Option<Arc<Barrier>>,
}

/// How a hook ends.
#[derive(Clone, Debug, Default)]
pub(crate) enum Outcome {
    #[default]
    Success,
    Error(&'static str),
    Panic(PanicPayload),
    Hang,
}

/// What a hook panics with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PanicPayload {
    /// A `&'static str`.
    Str(&'static str),
    /// A `String`.
    String(&'static str),
    /// A number, which is not text.
    Other,
}

impl HookSpec {
    /// Runs the hook. `record` is called with a failure before the registry can see it.
    pub(crate) async fn run(&self, record: impl FnOnce(HookEvent)) -> Result<(), InjectedError> {
        if let Some(barrier) = &self.barrier {
            barrier.wait().await;
        }
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        match &self.outcome {
            Outcome::Success => Ok(()),
            Outcome::Error(text) => {
                record(HookEvent::Failed);
                Err(InjectedError::new(text))
            }
            Outcome::Panic(payload) => {
                record(HookEvent::Panicked);
                let payload: Box<dyn Any + Send> = match *payload {
                    PanicPayload::Str(text) => Box::new(text),
                    PanicPayload::String(text) => Box::new(text.to_owned()),
                    PanicPayload::Other => Box::new(42_u8),
                };
                // Like `panic!`, but without the panic hook of the process: an injected panic is not printed.
                resume_unwind(payload)
            }
            Outcome::Hang => pending().await,
        }
    }
}
