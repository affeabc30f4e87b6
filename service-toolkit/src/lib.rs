#![doc = include_str!("../README.md")]

#[cfg(feature = "batcher")]
pub mod batcher;
#[cfg(feature = "blocking_pool")]
pub mod blocking_pool;
#[cfg(feature = "boundary")]
pub mod boundary;
#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(feature = "bridge")]
pub mod bridge;
#[cfg(feature = "bulkhead")]
pub mod bulkhead;
#[cfg(feature = "cache")]
pub mod cache;
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "bridge",
    feature = "event_bus",
    feature = "exit_stack",
    feature = "gather",
    feature = "lazy_resource",
    feature = "operation",
    feature = "queue",
    feature = "retry"
))]
mod caught;
#[cfg(feature = "event_bus")]
pub mod event_bus;
#[cfg(feature = "operation")]
mod event_tracker;
#[cfg(feature = "exit_stack")]
pub mod exit_stack;
#[cfg(feature = "gather")]
pub mod gather;
#[cfg(feature = "lazy_resource")]
pub mod lazy_resource;
#[cfg(any(feature = "boundary", feature = "cache", feature = "retry"))]
mod mapped;
#[cfg(feature = "object_pool")]
pub mod object_pool;
#[cfg(feature = "operation")]
mod operation;
#[cfg(feature = "operation")]
mod operation_event;
#[cfg(feature = "operation")]
mod operation_scope;
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "bridge",
    feature = "cache",
    feature = "event_bus",
    feature = "exit_stack",
    feature = "gather",
    feature = "lazy_resource",
    feature = "operation",
    feature = "queue",
    feature = "retry"
))]
mod pin_project;
#[cfg(feature = "process_metrics")]
mod process_metrics;
#[cfg(feature = "queue")]
pub mod queue;
#[cfg(feature = "rate_limit")]
pub mod rate_limit;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(any(feature = "operation", feature = "task_group"))]
mod spawn;
#[cfg(feature = "task_group")]
mod task_group;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "timeout")]
mod timeout;
#[cfg(any(feature = "batcher", feature = "queue"))]
mod turn;
#[cfg(any(feature = "batcher", feature = "event_bus", feature = "queue"))]
mod until_cancelled;
#[cfg(feature = "worker_pool")]
pub mod worker_pool;

#[cfg(any(feature = "boundary", feature = "cache", feature = "operation", feature = "retry"))]
#[doc(hidden)]
#[path = "attribute/mod.rs"]
pub mod attribute_v1;

#[cfg(feature = "cache")]
pub use service_macros::cached;
#[cfg(feature = "boundary")]
pub use service_macros::error_boundary;
#[cfg(feature = "operation")]
pub use service_macros::operation;
#[cfg(feature = "retry")]
pub use service_macros::retry;

#[cfg(feature = "batcher")]
pub use batcher::Batcher;
#[cfg(feature = "blocking_pool")]
pub use blocking_pool::BlockingPool;
#[cfg(feature = "boundary")]
pub use boundary::Boundary;
#[cfg(feature = "breaker")]
pub use breaker::Breaker;
#[cfg(feature = "bridge")]
pub use bridge::Bridge;
#[cfg(feature = "bulkhead")]
pub use bulkhead::Bulkhead;
#[cfg(feature = "cache")]
pub use cache::Cache;
#[cfg(feature = "event_bus")]
pub use event_bus::EventBus;
#[cfg(feature = "exit_stack")]
pub use exit_stack::ExitStack;
#[cfg(feature = "gather")]
pub use gather::{Outcome, Split, gather};
#[cfg(feature = "lazy_resource")]
pub use lazy_resource::LazyResource;
#[cfg(feature = "object_pool")]
pub use object_pool::ObjectPool;
#[cfg(feature = "process_metrics")]
pub use process_metrics::{ProcessMetrics, ProcessSample};
#[cfg(feature = "queue")]
pub use queue::Queue;
#[cfg(feature = "rate_limit")]
pub use rate_limit::RateLimit;
#[cfg(feature = "retry")]
pub use retry::{RetryPolicy, retry};
#[cfg(feature = "task_group")]
pub use task_group::TaskGroup;
#[cfg(feature = "timeout")]
pub use timeout::{TimedOut, timeout};
#[cfg(feature = "worker_pool")]
pub use worker_pool::WorkerPool;
#[cfg(feature = "operation")]
pub use {
    event_tracker::EventTracker,
    operation::Operation,
    operation_event::{OperationEvent, OperationId, OperationOutcome},
    operation_scope::OperationScope,
    service_core::record,
};
