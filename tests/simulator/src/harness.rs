//! [`Harness`]: what the hooks, the listeners and the driver of one run share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use service_core::{Context, Registry};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::scenario::Action;
use crate::trace::Trace;

/// The instance of a simulated service.
pub(crate) struct Instance {
    harness: Arc<Harness>,
}

/// What the hooks, the listeners and the driver of one run share.
pub(crate) struct Harness {
    /// What the hooks did.
    pub trace: Trace,
    /// The registry's cancellation token.
    pub token: CancellationToken,
    /// The registry while it is up. [`Action::Drop`] takes it out.
    pub registry: Mutex<Option<Registry>>,
    /// Notified when the future of `boot()`, or all handles, must be dropped.
    pub drop_requested: Notify,
    /// The context of some service, with which a listener looks up the state of the others. It keeps the registry's
    /// internals alive, but does not count as a handle.
    pub context: Mutex<Option<Context<Instance>>>,
    /// For each service, ends the current run of its supervised task.
    pub fail_task: Vec<Notify>,
    /// How many instances are alive.
    pub instances: AtomicUsize,
}

impl Harness {
    /// A harness for this many services.
    pub(crate) fn new(services: usize) -> Arc<Self> {
        Arc::new(Self {
            trace: Trace::new(),
            token: CancellationToken::new(),
            registry: Mutex::default(),
            drop_requested: Notify::new(),
            context: Mutex::default(),
            fail_task: (0..services).map(|_| Notify::new()).collect(),
            instances: AtomicUsize::new(0),
        })
    }

    /// The registry, if it is up.
    pub(crate) fn registry(&self) -> Option<Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Performs an injected action.
    pub(crate) fn inject(&self, action: Action) {
        match (action, self.registry()) {
            (Action::Cancel, _) | (Action::RequestShutdown, None) => self.token.cancel(),
            (Action::RequestShutdown, Some(registry)) => registry.request_shutdown("injected"),
            (Action::Drop, _) => self.drop_requested.notify_one(),
            (Action::FailTask(service), _) => self.fail_task[service].notify_one(),
        }
    }
}

impl Instance {
    pub(crate) fn new(harness: Arc<Harness>) -> Self {
        harness.instances.fetch_add(1, Ordering::Relaxed);
        Self { harness }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.harness.instances.fetch_sub(1, Ordering::Relaxed);
    }
}
