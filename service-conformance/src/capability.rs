//! [`Capability`]: a feature that a registry may or may not offer.

use std::fmt;

/// A feature that a registry may or may not offer. A check is not applicable to a registry without a capability that it
/// needs.
///
/// To report errors, to keep the order and to survive a panic are not capabilities: every registry must do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Names other than [`NAMES`](crate::NAMES), and hundreds of services.
    AnyName,
    /// Validation of a plan without running a hook: [`Adapter::validate`](crate::Adapter::validate).
    Validation,
    /// A plan in which two services have the same name.
    Duplicates,
    /// [`wants`](crate::Service::wants): a dependency that may be absent.
    Wants,
    /// [`after`](crate::Service::after): an order without a dependency.
    After,
    /// [`only`](crate::Plan::only): a boot of one service and the services that it requires, and no others.
    Subset,
    /// Independent services start at the same time, and stop at the same time.
    Concurrency,
    /// [`concurrency`](crate::Plan::concurrency): a limit on how many services start at the same time.
    ConcurrencyCap,
    /// A boot that fails or is dropped stops the services that were ready.
    Rollback,
    /// [`boot_timeout`](crate::Plan::boot_timeout): the boot has a budget.
    BootTimeout,
    /// [`shutdown_timeout`](crate::Plan::shutdown_timeout): the whole shutdown has a budget.
    ShutdownTimeout,
    /// [`init_timeout`](crate::Service::init_timeout): each `init` has a budget.
    ServiceInitTimeout,
    /// [`shutdown_timeout`](crate::Service::shutdown_timeout): each `shutdown` hook has a budget.
    ServiceShutdownTimeout,
    /// [`cancelled`](crate::Plan::cancelled): cancellation of a boot, for instance with a token.
    Cancellation,
    /// Several callers may request the shutdown, concurrently or one after the other.
    RepeatedShutdown,
    /// Two registries in one process at the same time.
    SeveralRegistries,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnyName => "any name",
            Self::Validation => "validation",
            Self::Duplicates => "duplicates",
            Self::Wants => "wants",
            Self::After => "after",
            Self::Subset => "subset",
            Self::Concurrency => "concurrency",
            Self::ConcurrencyCap => "concurrency cap",
            Self::Rollback => "rollback",
            Self::BootTimeout => "boot timeout",
            Self::ShutdownTimeout => "shutdown timeout",
            Self::ServiceInitTimeout => "init timeout of a service",
            Self::ServiceShutdownTimeout => "shutdown timeout of a service",
            Self::Cancellation => "cancellation",
            Self::RepeatedShutdown => "repeated shutdown",
            Self::SeveralRegistries => "several registries",
        })
    }
}
