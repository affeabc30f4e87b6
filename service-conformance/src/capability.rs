//! [`Capability`]: what a registry may or may not offer.

use std::fmt;

/// What a registry may or may not offer. A check that needs one which the subject lacks is not applicable to it.
///
/// It is no capability to report an error, to keep the order, or to survive a panic: every registry is held to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Names beyond [`NAMES`](crate::NAMES), and hundreds of services.
    AnyName,
    /// A plan can be proved without running a hook: [`Subject::validate`](crate::Subject::validate).
    Validation,
    /// One name can be said twice.
    Duplicates,
    /// [`wants`](crate::Service::wants): a dependency that may be absent.
    Wants,
    /// [`after`](crate::Service::after): an order without a dependency.
    After,
    /// [`only`](crate::Plan::only): one service and what it requires are booted, and nothing else.
    Subset,
    /// Independent services come up at the same time, and go down at the same time.
    Concurrency,
    /// [`concurrency`](crate::Plan::concurrency): a cap on how many come up at once.
    ConcurrencyCap,
    /// A boot that fails or is given up takes down what it had brought up.
    Rollback,
    /// [`boot_timeout`](crate::Plan::boot_timeout): the boot has a budget.
    BootTimeout,
    /// [`shutdown_timeout`](crate::Plan::shutdown_timeout): the whole shutdown has a budget.
    ShutdownTimeout,
    /// [`init_timeout`](crate::Service::init_timeout): each `init` has a budget.
    ServiceInitTimeout,
    /// [`shutdown_timeout`](crate::Service::shutdown_timeout): each `shutdown` hook has a budget.
    ServiceShutdownTimeout,
    /// [`cancelled`](crate::Plan::cancelled): a boot can be cancelled by a token or the like.
    Cancellation,
    /// The shutdown may be asked for by several callers, at once or later.
    RepeatedShutdown,
    /// Two registries can be up in one process at the same time.
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
