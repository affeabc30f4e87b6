//! [`Policy`]: what a guarded call does while its service is not ready.

use std::time::Duration;

/// What a guarded call does while its service is not ready but may become ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It waits until the service is ready or has failed: as long as the budgets of the services that start allow.
    Wait,
    /// It waits, but no longer than this.
    WaitFor(Duration),
    /// It is refused.
    Refuse,
}
