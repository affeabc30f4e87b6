//! [`BlockingTask`]: the future of a background task, which reports the polls that blocked their thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use super::task_body::TaskBody;
use crate::base::pin_project;
use crate::shared::poll_monitor::BLOCKING;

pin_project! {
    /// The future of a background task. A poll that blocks its thread is an event when it has ended: nobody waits for a task, so
    /// nobody looks at it meanwhile.
    pub(super) struct BlockingTask<F> {
        body: TaskBody,
        #[pin]
        future: F,
    }
}

impl<F> BlockingTask<F> {
    pub(super) fn new(body: TaskBody, future: F) -> Self {
        Self { body, future }
    }
}

impl<F: Future> Future for BlockingTask<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let began = Instant::now();
        let poll = this.future.poll(cx);
        let elapsed = began.elapsed();
        if elapsed >= BLOCKING {
            this.body.blocked(elapsed);
        }
        poll
    }
}
