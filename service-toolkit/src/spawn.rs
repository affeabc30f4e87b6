//! [`spawn`]: starts a task in the registry of the caller.

use std::future::Future;

use service_core::Registry;
use tokio::task::JoinHandle;

/// Starts a task that belongs to the current registry, or, if there is none, to the current runtime. Panics if there is neither.
pub(crate) fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match Registry::current() {
        Some(registry) => registry.spawn(future),
        None => tokio::spawn(future),
    }
}
