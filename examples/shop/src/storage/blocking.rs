//! Work that blocks its thread, kept off the runtime's own threads.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Runs `work` on a thread that may block. It is not cancelled with the caller; its panic is the caller's.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => resume_unwind(error.into_panic()),
    }
}
