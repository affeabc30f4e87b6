//! [`GuardedCall`]: a guarded call as a future.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::base::{Mutex, pin_project};
use crate::gate::context_stack::CallContext;
use crate::gate::{Admission, Permit, Receiver, Target};
use crate::report::NotReady;

/// How far a call is.
enum Progress {
    /// It was not polled yet, or it ended at its first poll.
    New,
    /// It waits to be admitted. The mutex is never locked: it only makes a call `Sync`, as the future of a plain method is.
    Waiting(Mutex<Admission>),
    Admitted(Permit),
    /// It is dropped before its end. Its frame is on the context stack, because what the body drops is a part of the call.
    Dropped(Permit),
}

/// The progress of a call, and what happens around the drop of the body. Whether that is anything is one comparison: a call
/// that ended at its first poll is still [`Progress::New`].
struct DropsAfterBody(ManuallyDrop<Progress>);

impl DropsAfterBody {
    #[inline(always)]
    fn before_body(&mut self) {
        if !matches!(*self.0, Progress::New) {
            before_body(&mut self.0);
        }
    }
}

impl Drop for DropsAfterBody {
    #[inline(always)]
    fn drop(&mut self) {
        if !matches!(*self.0, Progress::New) {
            after_body(&mut self.0);
        }
    }
}

#[cold]
#[inline(never)]
fn before_body(progress: &mut Progress) {
    *progress = match mem::replace(progress, Progress::New) {
        Progress::Admitted(permit) => {
            permit.push_context().leave_on_stack();
            Progress::Dropped(permit)
        }
        other => other,
    };
}

#[cold]
#[inline(never)]
fn after_body(progress: &mut Progress) {
    let ended = mem::replace(progress, Progress::New);
    if matches!(ended, Progress::Dropped(_)) {
        drop(CallContext::left_on_stack());
    }
}

pin_project! {
    /// A guarded call as a future. It is admitted at its first poll or later, and counted until it has ended, was dropped or
    /// has panicked.
    #[must_use = "a call does nothing until it is awaited"]
    pub struct GuardedCall<V, T, R, F> {
        receiver: V,
        target: T,
        refuse: R,
        #[pin]
        body: F,
        // Fields are dropped in order: while the body is dropped, the call is still counted.
        progress: DropsAfterBody,
    }

    impl<V, T, R, F> PinnedDrop for GuardedCall<V, T, R, F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().progress.before_body();
        }
    }
}

/// Runs `body` as a guarded call. If the call is refused, `refuse` makes the output of the refusal. The body is an async
/// block: once it has ended, nothing in it is left to be dropped.
///
/// `target` is called when the target is needed, so the future does not store it. Only that closure names the service: if
/// the type is not a service, the compiler reports it once.
#[inline(always)]
pub fn call<V, T, R, F>(receiver: V, target: T, refuse: R, body: F) -> GuardedCall<V, T, R, F>
where
    V: Receiver,
    T: Fn() -> Target,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    GuardedCall { receiver, target, refuse, body, progress: DropsAfterBody(ManuallyDrop::new(Progress::New)) }
}

impl<V, T, R, F> Future for GuardedCall<V, T, R, F>
where
    V: Receiver,
    T: Fn() -> Target,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.as_mut().project();
        if matches!(*this.progress.0, Progress::New)
            && let Target { slots, method } = (this.target)()
            && let Some((permit, context)) = Permit::fast(slots.fast_gate(), *this.receiver, method)
        {
            let polled = this.body.poll(cx);
            drop(context);
            // The permit of a call that ends at its first poll is never stored.
            if polled.is_pending() {
                *this.progress.0 = Progress::Admitted(permit);
            }
            return polled;
        }
        self.poll_slowly(cx)
    }
}

impl<V, T, R, F> GuardedCall<V, T, R, F>
where
    V: Receiver,
    T: Fn() -> Target,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    /// A poll that is not the first, or takes the slow path.
    #[inline(never)]
    fn poll_slowly(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let target = (this.target)();
        let _context = match ready!(poll_admission(&mut this.progress.0, this.receiver.address(), target, cx)) {
            Ok(context) => context,
            Err(refusal) => return Poll::Ready((this.refuse)(refusal)),
        };
        this.body.poll(cx)
    }
}

/// Admits the call if it is not admitted yet, and pushes its frame.
fn poll_admission(
    progress: &mut Progress,
    address: Option<usize>,
    Target { slots, method }: Target,
    cx: &mut Context<'_>,
) -> Poll<Result<CallContext, NotReady>> {
    let slow_path = slots.slow_path();
    loop {
        *progress = match progress {
            Progress::New => match (slow_path.now)(slots, address, method) {
                Ok(permit) => Progress::Admitted(permit),
                Err(refusal) => Progress::Waiting(Mutex::new((slow_path.wait)(slots, address, method, refusal)?)),
            },
            Progress::Waiting(admission) => Progress::Admitted(ready!(admission.get_mut().as_mut().poll(cx))?),
            Progress::Admitted(permit) | Progress::Dropped(permit) => return Poll::Ready(Ok(permit.push_context())),
        };
    }
}
