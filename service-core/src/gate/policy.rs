//! [`Policy`]: what a guarded call does while its service is not ready.

use std::time::Duration;

/// What a guarded call does while its service is not up but may still come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It waits until the service is up or has failed: as long as the budgets of what is coming up allow.
    Wait,
    /// It waits, but no longer than this.
    WaitFor(Duration),
    /// It is refused.
    Refuse,
}
