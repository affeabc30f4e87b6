//! [`StopTokens`]: the three moments at which a service stops, as tokens.

use tokio_util::sync::CancellationToken;

use super::lazy_token::LazyToken;

/// The three moments at which a service stops, in this order.
#[derive(Debug)]
pub(crate) struct StopTokens {
    /// Of the shutdown of the registry.
    registry: CancellationToken,
    shutdown_requested: LazyToken,
    draining: LazyToken,
    stopping: LazyToken,
}

impl StopTokens {
    /// For one incarnation of a service, in a registry with this token for its shutdown.
    pub(crate) fn new(registry: &CancellationToken) -> Self {
        Self {
            registry: registry.clone(),
            shutdown_requested: LazyToken::default(),
            draining: LazyToken::default(),
            stopping: LazyToken::default(),
        }
    }

    /// The shutdown of the registry was requested, or this service begins to stop.
    pub(crate) fn shutdown_requested(&self) -> CancellationToken {
        self.shutdown_requested.get(|| self.registry.child_token())
    }

    /// The service refuses new calls; admitted calls still run.
    pub(crate) fn draining(&self) -> CancellationToken {
        self.draining.get(CancellationToken::new)
    }

    /// The admitted calls have ended, or the budget of the drain has.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.get(CancellationToken::new)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    pub(crate) fn begin_drain(&self) {
        self.shutdown_requested.cancel();
        self.draining.cancel();
    }

    pub(crate) fn begin_stop(&self) {
        self.begin_drain();
        self.stopping.cancel();
    }
}
