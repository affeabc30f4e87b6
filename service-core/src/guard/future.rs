//! [`call`]: a guarded call as a future.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::permit::{AtHome, Callee, Inside};
use crate::base::pin_project;
use crate::base::{Mutex, State};
use crate::gate::Policy;
use crate::gate::context_stack::Pushed;
use crate::gate::{Door, Method};
use crate::registry::Service;
use crate::report::NotReady;

/// Never locked: it only makes a call `Sync`, as the future of a plain method is.
type Admission = Mutex<Pin<Box<dyn Future<Output = Result<Inside, NotReady>> + Send>>>;

enum Progress {
    /// Not polled yet, or ended at its first poll.
    New,
    Inside(Inside),
    /// Being dropped half way: its frame is pushed, so that what the body drops is a part of the call, too.
    Ending(Inside),
    /// On the long way in, which is boxed only for those who wait.
    Waiting(Admission),
}

/// Drops its progress; a call that ended at its first poll has none, which is seen in one look.
struct Last(ManuallyDrop<Progress>);

impl Last {
    /// Before the body is dropped.
    #[inline(always)]
    fn begin(&mut self) {
        if !matches!(*self.0, Progress::New) {
            begin_to_end(&mut self.0);
        }
    }
}

impl Drop for Last {
    /// After the body was dropped.
    #[inline(always)]
    fn drop(&mut self) {
        if !matches!(*self.0, Progress::New) {
            end(&mut self.0);
        }
    }
}

#[cold]
#[inline(never)]
fn begin_to_end(progress: &mut Progress) {
    *progress = match mem::replace(progress, Progress::New) {
        Progress::Inside(inside) => {
            inside.push().keep();
            Progress::Ending(inside)
        }
        other => other,
    };
}

#[cold]
#[inline(never)]
fn end(progress: &mut Progress) {
    let ended = mem::replace(progress, Progress::New);
    if matches!(ended, Progress::Ending(_)) {
        drop(Pushed::kept());
    }
}

/// The ways in to one method of one service.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    door: &'static Door,
    method: &'static Method,
    elsewhere: fn(Option<usize>, &'static Method) -> Result<Progress, NotReady>,
}

impl Way {
    #[inline(always)]
    pub(crate) fn to<S: Service>(method: &'static Method) -> Self {
        Self { door: S::home().door(), method, elsewhere: elsewhere::<S> }
    }
}

pin_project! {
    /// A guarded call as a future: admitted at its first poll or later, and counted until it has ended, been dropped or
    /// panicked.
    #[must_use = "a call does nothing until it is awaited"]
    pub struct Call<C, W, R, F> {
        callee: C,
        way: W,
        refuse: R,
        #[pin]
        body: F,
        // After the body in drop order: what the body drops is still counted.
        progress: Last,
    }

    impl<C, W, R, F> PinnedDrop for Call<C, W, R, F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().progress.begin();
        }
    }
}

/// Runs `body` as a guarded call, or answers with what `refuse` makes of a refusal. Once `body` has ended, there is nothing
/// left of it to drop: it is an async block.
///
/// The way is asked for when it is needed, so that the future need not keep it. The service is known to that alone: where
/// it is none, the compiler says so once.
#[inline(always)]
pub fn call<C, W, R, F>(callee: C, way: W, refuse: R, body: F) -> Call<C, W, R, F>
where
    C: Callee,
    W: Fn() -> Way,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    Call { callee, way, refuse, body, progress: Last(ManuallyDrop::new(Progress::New)) }
}

impl<C, W, R, F> Future for Call<C, W, R, F>
where
    C: Callee,
    W: Fn() -> Way,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.as_mut().project();
        if matches!(*this.progress.0, Progress::New)
            && let Way { door, method, .. } = (this.way)()
            && let Some((home, frame)) = AtHome::enter(door, *this.callee, method)
        {
            // A call that ends at its first poll is noted down nowhere but in the gate.
            let polled = this.body.poll(cx);
            drop(frame);
            if polled.is_pending() {
                *this.progress.0 = Progress::Inside(home.into());
            }
            return polled;
        }
        self.go_on(cx)
    }
}

impl<C, W, R, F> Call<C, W, R, F>
where
    C: Callee,
    W: Fn() -> Way,
    R: Fn(NotReady) -> F::Output,
    F: Future,
{
    /// A poll that is not both the first and the last, or takes the long way in.
    #[inline(never)]
    fn go_on(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _frame = match ready!(come_in(&mut this.progress.0, this.callee.address(), (this.way)(), cx)) {
            Ok(frame) => frame,
            Err(refusal) => return Poll::Ready((this.refuse)(refusal)),
        };
        this.body.poll(cx)
    }
}

/// One step of the way in, and the frame of the call once it is inside.
fn come_in(
    progress: &mut Progress,
    address: Option<usize>,
    way: Way,
    cx: &mut Context<'_>,
) -> Poll<Result<Pushed, NotReady>> {
    loop {
        *progress = match progress {
            Progress::Inside(inside) | Progress::Ending(inside) => return Poll::Ready(Ok(inside.push())),
            Progress::Waiting(admission) => Progress::Inside(ready!(unlocked(admission).poll(cx))?),
            Progress::New => (way.elsewhere)(address, way.method)?,
        };
    }
}

fn unlocked(admission: &mut Admission) -> Pin<&mut (dyn Future<Output = Result<Inside, NotReady>> + Send)> {
    admission.get_mut().as_mut()
}

#[cold]
fn elsewhere<S: Service>(address: Option<usize>, method: &'static Method) -> Result<Progress, NotReady> {
    match Inside::elsewhere_now::<S>(address, method) {
        Ok(inside) => Ok(Progress::Inside(inside)),
        Err(refusal) if method.policy() == Policy::Refuse || is_final::<S>(address, &refusal) => Err(refusal),
        Err(_) => Ok(Progress::Waiting(Mutex::new(Box::pin(Inside::elsewhere::<S>(address, method))))),
    }
}

/// Whether waiting leads nowhere: this very instance is on its way down, and not because it is restarted.
fn is_final<S: Service>(address: Option<usize>, refusal: &NotReady) -> bool {
    matches!(refusal.state(), State::Draining | State::Stopping | State::Stopped)
        && address.and_then(|address| S::home().find(address)).is_some_and(|slot| !slot.is_restarting())
}
