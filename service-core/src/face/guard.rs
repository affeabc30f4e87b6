//! What `#[guarded]` expands to: who is called, and a call that passes the gate first.
//!
//! The short way, for the instance at home in its type's static: compare its address with the gate's token, count in,
//! push a frame; nothing is allocated and no reference is counted. Every other case takes the long way.

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Service, current};
use crate::act::{self, Home, Method, Pass, Policy, Shared, Slot};
use crate::fact::{Key, NotReady};
use crate::mechanism::ambient::{self, Top};
use crate::mechanism::gate::Ticket;
use crate::mechanism::pin_project;

/// On what a guarded method was called. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Debug)]
pub struct Who<S> {
    /// The value's address; 0 for the instance of the registry that is current when the call begins.
    address: usize,
    service: PhantomData<fn() -> S>,
}

// No struct here asks for a service, only the functions do: where `S` is none, the compiler says so once.
impl<S> Who<S> {
    /// This value.
    #[inline(always)]
    pub fn at(value: &S) -> Self {
        Self { address: std::ptr::from_ref(value) as usize, service: PhantomData }
    }

    /// The current registry's instance.
    #[inline(always)]
    pub fn current() -> Self {
        Self { address: 0, service: PhantomData }
    }

    /// The address to show at the gate in the static, if the value may be the one behind it.
    #[inline(always)]
    fn token(&self, home: &Home<S>, top: Top) -> usize {
        if self.address == 0 { home.current_address(top) } else { self.address }
    }
}

fn slot_of<S: Service>(shared: &Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot(&Key::Type(TypeId::of::<S>()), current::short_name::<S>()).cloned()
}

/// A place inside; given back when it is dropped.
enum Inside<S: 'static> {
    /// Counted at the gate in the static.
    AtHome {
        ticket: Ticket,
        home: &'static Home<S>,
    },
    Elsewhere(Pass),
    /// Of a value built by hand: nobody counts.
    Free,
}

impl<S> Inside<S> {
    /// The short way in, with the frame of the call already pushed. Not for a service that is starting: what it uses is
    /// noted, and that is the long way.
    #[inline(always)]
    fn at_home(home: &'static Home<S>, who: &Who<S>, method: &Method) -> Option<(Self, ambient::Entered)> {
        let top = ambient::top()?;
        let (ticket, frame) = home.enter(who.token(home, top), method, top)?;
        Some((Self::AtHome { ticket, home }, top.push(frame)))
    }

    /// Pushes the frame of the call, for as long as this thread works on it.
    #[inline(always)]
    fn push(&self) -> Option<ambient::Entered> {
        match self {
            Self::AtHome { home, .. } => Some(ambient::enter(home.frame())),
            Self::Elsewhere(pass) => Some(ambient::enter(pass.frame())),
            Self::Free => None,
        }
    }
}

impl<S: Service> Inside<S> {
    /// The long way in, at once.
    #[cold]
    #[inline(never)]
    fn elsewhere_now(who: Who<S>, method: &Method) -> Result<Self, NotReady> {
        let slot = match who.address {
            0 => slot_of::<S>(&*current::now::<S>()?)?,
            address => match S::home().find(address) {
                Some(slot) => slot,
                None => return Ok(Self::Free),
            },
        };
        act::admit_now(&slot, S::home().lane(method)).map(Self::Elsewhere)
    }

    /// The long way in, waiting and booting as the policy says.
    async fn elsewhere(address: usize, method: &'static Method, policy: Policy) -> Result<Self, NotReady> {
        let slot = match address {
            0 if policy == Policy::Refuse => slot_of::<S>(&*current::now::<S>()?)?,
            0 => slot_of::<S>(&*current::or_first_use::<S>().await?)?,
            address => match S::home().find(address) {
                Some(slot) => slot,
                None => return Ok(Self::Free),
            },
        };
        act::admit(&slot, S::home().lane(method), policy).await.map(Self::Elsewhere)
    }
}

impl<S> Drop for Inside<S> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Self::AtHome { ticket, home } = self {
            home.leave(*ticket);
        }
    }
}

/// A sync guarded call that was admitted; it leaves when this is dropped.
#[must_use = "the call has left as soon as this is dropped"]
pub struct Entered<S: 'static> {
    // Dropped in this order: first off the stack, then out of the gate.
    _frame: Option<ambient::Entered>,
    _inside: Inside<S>,
}

/// Admits a sync guarded call.
///
/// # Errors
/// If it is refused.
#[inline(always)]
pub fn enter<S: Service>(who: Who<S>, method: &'static Method) -> Result<Entered<S>, NotReady> {
    match Inside::at_home(S::home(), &who, method) {
        Some((inside, frame)) => Ok(Entered { _frame: Some(frame), _inside: inside }),
        None => enter_elsewhere(who, method),
    }
}

#[cold]
#[inline(never)]
fn enter_elsewhere<S: Service>(who: Who<S>, method: &'static Method) -> Result<Entered<S>, NotReady> {
    let inside = Inside::elsewhere_now(who, method)?;
    Ok(Entered { _frame: inside.push(), _inside: inside })
}

impl<S> fmt::Debug for Entered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

type Admission<S> = Pin<Box<dyn Future<Output = Result<Inside<S>, NotReady>> + Send>>;

enum Progress<S: 'static> {
    /// Not polled yet.
    New,
    Inside(Inside<S>),
    /// On the long way in.
    Waiting(Admission<S>),
}

pin_project! {
    /// A guarded call as a future: admitted at its first poll or later, and counted until it has ended, been dropped or
    /// panicked.
    #[must_use = "a call does nothing until it is awaited"]
    pub struct Call<S: 'static, F> {
        home: &'static Home<S>,
        elsewhere: fn(usize, &'static Method, Policy) -> Admission<S>,
        who: Who<S>,
        method: &'static Method,
        policy: Policy,
        #[pin]
        body: F,
        // After the body in drop order: what the body drops is still counted.
        progress: Progress<S>,
    }
}

/// Runs `body` as a guarded call.
#[inline(always)]
pub fn call<S: Service, F: Future>(who: Who<S>, method: &'static Method, policy: Policy, body: F) -> Call<S, F> {
    let elsewhere = |address, method, policy| -> Admission<S> { Box::pin(Inside::elsewhere(address, method, policy)) };
    Call { home: S::home(), elsewhere, who, method, policy, body, progress: Progress::New }
}

impl<S, F: Future> Future for Call<S, F> {
    type Output = Result<F::Output, NotReady>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _frame = match this.progress {
            Progress::New => match Inside::at_home(this.home, this.who, this.method) {
                Some((inside, frame)) => {
                    *this.progress = Progress::Inside(inside);
                    Some(frame)
                }
                None => {
                    let admission = (this.elsewhere)(this.who.address, this.method, *this.policy);
                    *this.progress = Progress::Waiting(admission);
                    ready!(wait(this.progress, cx))?
                }
            },
            Progress::Inside(inside) => inside.push(),
            Progress::Waiting(_) => ready!(wait(this.progress, cx))?,
        };
        this.body.poll(cx).map(Ok)
    }
}

/// One step of the long way in.
#[cold]
#[inline(never)]
fn wait<S>(progress: &mut Progress<S>, cx: &mut Context<'_>) -> Poll<Result<Option<ambient::Entered>, NotReady>> {
    let Progress::Waiting(admission) = progress else { return Poll::Ready(Ok(None)) };
    let inside = ready!(admission.as_mut().poll(cx))?;
    let frame = inside.push();
    *progress = Progress::Inside(inside);
    Poll::Ready(Ok(frame))
}
