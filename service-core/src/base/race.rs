//! [`race`]: the first of two futures.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::pin_project::pin_project;

pin_project! {
    struct Race<A, B> {
        #[pin]
        a: A,
        #[pin]
        b: B,
    }
}

/// The output of the future that ends first; of `a` if both end at the same poll. The other one is dropped with this future.
pub(crate) fn race<A: Future>(a: A, b: impl Future<Output = A::Output>) -> impl Future<Output = A::Output> {
    Race { a, b }
}

impl<A: Future, B: Future<Output = A::Output>> Future for Race<A, B> {
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A::Output> {
        let this = self.project();
        match this.a.poll(cx) {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => this.b.poll(cx),
        }
    }
}
