//! [`Message`]: what handles, calls and tasks ask of the driver of their registry.

use tokio::sync::oneshot;

use crate::base::{Failure, ShutdownReason};

/// Receives the failure that keeps a service from becoming ready; `None` if it is ready. Dropped if everything shuts down.
pub(crate) type Reply = oneshot::Sender<Option<Failure>>;

/// What is asked of the driver.
pub(crate) enum Message {
    /// Start every service that is not lazy.
    Boot,
    /// The last caller that waited for the boot has gone.
    BootAbandoned,
    /// Start one service, with all it requires.
    Demand { service: usize, reply: Reply },
    /// Restart one service, with those that hold its instance.
    Restart { service: usize, reply: Reply },
    /// The start of a service waits for another service.
    Paused(usize),
    /// The start of a service no longer waits.
    Resumed(usize),
    /// A supervised task of a service has failed for good.
    Escalated { service: usize, failure: Failure },
    /// Shut everything down.
    ShutDown(ShutdownReason),
    /// The last handle of the registry was dropped.
    Dropped,
}
