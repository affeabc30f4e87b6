//! [`StopTokens`]: the three moments at which a service stops, as tokens.

use tokio_util::sync::CancellationToken;

/// The three moments at which a service stops, in this order.
#[derive(Clone, Debug)]
pub(crate) struct StopTokens {
    /// The shutdown of the registry was requested, or this service begins to stop.
    pub shutdown_requested: CancellationToken,
    /// The service refuses new calls; admitted calls still run.
    pub draining: CancellationToken,
    /// The admitted calls have ended, or the budget of the drain has.
    pub stopping: CancellationToken,
}

impl StopTokens {
    /// For one incarnation of a service, in a registry with this token for its shutdown.
    pub(crate) fn new(registry: &CancellationToken) -> Self {
        Self {
            shutdown_requested: registry.child_token(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
        }
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
