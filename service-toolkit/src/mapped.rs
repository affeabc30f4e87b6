//! [`mapped`]: a future whose output is changed by a function. An `async` block would store the future twice.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::pin_project::pin_project;

pin_project! {
    /// The future of [`mapped`].
    pub(crate) struct Mapped<F, M> {
        #[pin]
        future: F,
        map: Option<M>,
    }
}

/// Awaits the future, and calls the function with its output.
pub(crate) fn mapped<F: Future, T, M: FnOnce(F::Output) -> T>(future: F, map: M) -> Mapped<F, M> {
    Mapped { future, map: Some(map) }
}

impl<F: Future, T, M: FnOnce(F::Output) -> T> Future for Mapped<F, M> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        let map = this.map.take().expect("a future is not polled after its end");
        Poll::Ready(map(output))
    }
}
