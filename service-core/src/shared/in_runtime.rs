//! [`InRuntime`]: a future that uses the timers and tasks of a registry's runtime, wherever it is polled.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use crate::base::pin_project;

pin_project! {
    /// A future that uses the timers and tasks of this runtime, also if another executor polls it.
    pub(crate) struct InRuntime<F> {
        runtime: Handle,
        #[pin]
        future: F,
    }
}

/// Runs a future with the timers and tasks of this runtime.
pub(crate) fn in_runtime<F: Future>(runtime: &Handle, future: F) -> InRuntime<F> {
    InRuntime { runtime: runtime.clone(), future }
}

impl<F: Future> Future for InRuntime<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.runtime.enter();
        this.future.poll(cx)
    }
}
