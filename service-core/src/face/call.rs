//! [`Call`]: a guarded call as a future.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Service;
use super::guard::{Inside, Who};
use crate::act::{Door, Method, Policy};
use crate::fact::{NotReady, State};
use crate::mechanism::ambient::Pushed;
use crate::mechanism::pin_project;

type Admission = Pin<Box<dyn Future<Output = Result<Inside, NotReady>> + Send>>;

enum Progress {
    /// Not polled yet, or ended at its first poll.
    New,
    Inside(Inside),
    /// On the long way in, which is boxed only for those who wait.
    Waiting(Admission),
}

/// Drops its progress; a call that ended at its first poll has none, which is seen in one look.
struct Ending(ManuallyDrop<Progress>);

impl Drop for Ending {
    #[inline(always)]
    fn drop(&mut self) {
        if !matches!(*self.0, Progress::New) {
            end(&mut self.0);
        }
    }
}

#[inline(never)]
fn end(progress: &mut Progress) {
    *progress = Progress::New;
}

pin_project! {
    /// A guarded call as a future: admitted at its first poll or later, and counted until it has ended, been dropped or
    /// panicked.
    #[must_use = "a call does nothing until it is awaited"]
    pub struct Call<F, R> {
        door: &'static Door,
        // The long way in. Here, not in a bound: see `Who`.
        elsewhere: fn(usize, &'static Method) -> Result<Progress, NotReady>,
        address: usize,
        method: &'static Method,
        refuse: R,
        #[pin]
        body: F,
        // After the body in drop order: what the body drops is still counted.
        progress: Ending,
    }
}

/// Runs `body` as a guarded call, or answers with what `refuse` makes of a refusal. Once `body` has ended, there is nothing
/// left of it to drop: it is an async block.
#[inline(always)]
pub fn call<S, F, R>(who: Who<S>, method: &'static Method, refuse: R, body: F) -> Call<F, R>
where
    S: Service,
    F: Future,
    R: Fn(NotReady) -> F::Output,
{
    let Who { address, .. } = who;
    Call {
        door: S::home().door(),
        elsewhere: elsewhere::<S>,
        address,
        method,
        refuse,
        body,
        progress: Ending(ManuallyDrop::new(Progress::New)),
    }
}

#[cold]
fn elsewhere<S: Service>(address: usize, method: &'static Method) -> Result<Progress, NotReady> {
    match Inside::elsewhere_now::<S>(address, method) {
        Ok(inside) => Ok(Progress::Inside(inside)),
        Err(refusal) if method.policy() == Policy::Refuse || is_final::<S>(address, &refusal) => Err(refusal),
        Err(_) => Ok(Progress::Waiting(Box::pin(Inside::elsewhere::<S>(address, method)))),
    }
}

/// Whether waiting leads nowhere: this very instance is on its way down, and not because it is restarted.
fn is_final<S: Service>(address: usize, refusal: &NotReady) -> bool {
    matches!(refusal.state(), State::Draining | State::Stopping | State::Stopped)
        && S::home().find(address).is_some_and(|slot| !slot.is_restarting())
}

impl<F, R> Future for Call<F, R>
where
    F: Future,
    R: Fn(NotReady) -> F::Output,
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if matches!(*this.progress.0, Progress::New)
            && let Some((inside, frame)) = Inside::at_home(this.door, *this.address, this.method)
        {
            // A call that ends at its first poll is noted down nowhere but in the gate.
            let polled = this.body.poll(cx);
            drop(frame);
            if polled.is_pending() {
                *this.progress.0 = Progress::Inside(inside);
            }
            return polled;
        }
        let way = Way { elsewhere: *this.elsewhere, address: *this.address, method: this.method };
        go_on(&mut this.progress.0, way, this.refuse, this.body, cx)
    }
}

#[derive(Clone, Copy)]
struct Way {
    elsewhere: fn(usize, &'static Method) -> Result<Progress, NotReady>,
    address: usize,
    method: &'static Method,
}

/// A poll that is not both the first and the last, or takes the long way in.
#[inline(never)]
fn go_on<F, R>(
    progress: &mut Progress,
    way: Way,
    refuse: &R,
    body: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output>
where
    F: Future,
    R: Fn(NotReady) -> F::Output,
{
    let frame = match ready!(come_in(progress, way, cx)) {
        Ok(frame) => frame,
        Err(refusal) => return Poll::Ready(refuse(refusal)),
    };
    let _frame = frame;
    body.poll(cx)
}

/// One step of the way in, and the frame of the call once it is inside.
fn come_in(progress: &mut Progress, way: Way, cx: &mut Context<'_>) -> Poll<Result<Pushed, NotReady>> {
    loop {
        *progress = match progress {
            Progress::Inside(inside) => return Poll::Ready(Ok(inside.push())),
            Progress::Waiting(admission) => Progress::Inside(ready!(admission.as_mut().poll(cx))?),
            Progress::New => (way.elsewhere)(way.address, way.method)?,
        };
    }
}
