//! [`Script`]: what the hooks of one service will do. [`Act`]: what one hook will.

use std::any::Any;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::Fault;
use crate::log::Deed;

/// What one hook will do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Act {
    /// How long it takes, before it ends as it ends.
    pub(crate) takes: Duration,
    pub(crate) ending: Ending,
    /// Where it waits for another hook before anything else.
    pub(crate) meets: Option<Arc<Barrier>>,
}

/// How a hook ends.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ending {
    #[default]
    Well,
    Error(&'static str),
    Panic(Payload),
    Never,
}

/// What a hook panics with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload {
    /// A `&'static str`.
    Text(&'static str),
    /// A `String`.
    Owned(&'static str),
    /// A number, which has no words.
    Other,
}

impl Act {
    /// Does it; the outcome is told before anybody can see it.
    pub(crate) async fn perform(&self, tell: impl FnOnce(Deed)) -> Result<(), Fault> {
        if let Some(barrier) = &self.meets {
            barrier.wait().await;
        }
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        match &self.ending {
            Ending::Well => Ok(()),
            Ending::Error(text) => {
                tell(Deed::Failed);
                Err(Fault::new(text))
            }
            Ending::Panic(payload) => {
                tell(Deed::Panicked);
                let payload: Box<dyn Any + Send> = match *payload {
                    Payload::Text(text) => Box::new(text),
                    Payload::Owned(text) => Box::new(text.to_owned()),
                    Payload::Other => Box::new(42_u8),
                };
                // A panic in every respect, but the process's panic hook is not called: the suite panics on purpose,
                // and the output belongs to the table.
                resume_unwind(payload)
            }
            Ending::Never => pending().await,
        }
    }
}

/// One service of a plan, as a check writes it down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) requires: Vec<String>,
    pub(crate) wants: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) init_timeout: Option<Duration>,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) init: Act,
    pub(crate) shutdown: Act,
}

/// A service of this name, whose hooks end well and at once.
pub(crate) fn service(name: impl Into<String>) -> Script {
    Script { name: name.into(), ..Script::default() }
}

fn list<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

impl Script {
    pub(crate) fn requires<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.requires = list(names);
        self
    }

    pub(crate) fn wants<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.wants = list(names);
        self
    }

    pub(crate) fn after<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.after = list(names);
        self
    }

    /// How many milliseconds `init` takes.
    pub(crate) fn init_takes(mut self, ms: u64) -> Self {
        self.init.takes = Duration::from_millis(ms);
        self
    }

    /// How many milliseconds `shutdown` takes.
    pub(crate) fn shutdown_takes(mut self, ms: u64) -> Self {
        self.shutdown.takes = Duration::from_millis(ms);
        self
    }

    pub(crate) fn init_ends(mut self, ending: Ending) -> Self {
        self.init.ending = ending;
        self
    }

    pub(crate) fn shutdown_ends(mut self, ending: Ending) -> Self {
        self.shutdown.ending = ending;
        self
    }

    /// Its `init` goes on only when as many as the barrier asks for have begun.
    pub(crate) fn meets(mut self, barrier: &Arc<Barrier>) -> Self {
        self.init.meets = Some(Arc::clone(barrier));
        self
    }

    pub(crate) fn init_timeout(mut self, time: Duration) -> Self {
        self.init_timeout = Some(time);
        self
    }

    pub(crate) fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.shutdown_timeout = Some(time);
        self
    }
}
