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
use crate::mechanism::ambient::{self, Frame};
use crate::mechanism::gate::Ticket;

/// On what a guarded method was called. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Debug)]
pub struct Who<S> {
    /// The value's address; 0 for the instance of the registry that is current when the call begins.
    address: usize,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Who<S> {
    /// This value.
    #[inline]
    pub fn at(value: &S) -> Self {
        Self { address: std::ptr::from_ref(value) as usize, service: PhantomData }
    }

    /// The current registry's instance.
    #[inline]
    pub fn current() -> Self {
        Self { address: 0, service: PhantomData }
    }

    /// The address to show at the gate in the static, if the value may be the one behind it.
    #[inline]
    fn token(&self) -> usize {
        if self.address == 0 { S::home().current_address() } else { self.address }
    }
}

fn slot_of<S: Service>(shared: &Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot(&Key::Type(TypeId::of::<S>()), current::short_name::<S>()).cloned()
}

/// A place inside; given back when it is dropped.
enum Inside<S: Service> {
    /// Of a value built by hand: nobody counts.
    Free,
    AtHome { ticket: Ticket, token: usize, frame: Frame, home: &'static Home<S> },
    Elsewhere(Pass),
}

impl<S: Service> Inside<S> {
    /// The short way in. Not for a service that is starting: what it uses is noted, and that is the long way.
    #[inline]
    fn at_home(who: &Who<S>, method: &Method) -> Option<Self> {
        if ambient::is_starting() {
            return None;
        }
        let (home, token) = (S::home(), who.token());
        let (ticket, frame) = home.enter(token, method)?;
        Some(Self::AtHome { ticket, token, frame, home })
    }

    /// The long way in, at once.
    #[cold]
    fn elsewhere_now(who: &Who<S>, method: &Method) -> Result<Self, NotReady> {
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

    #[inline]
    fn frame(&self) -> Option<Frame> {
        match self {
            Self::Free => None,
            Self::AtHome { frame, .. } => Some(*frame),
            Self::Elsewhere(pass) => Some(pass.frame()),
        }
    }
}

impl<S: Service> Drop for Inside<S> {
    #[inline]
    fn drop(&mut self) {
        if let Self::AtHome { ticket, token, home, .. } = self {
            home.leave(*ticket, *token);
        }
    }
}

/// A sync guarded call that was admitted; it leaves when this is dropped.
#[must_use = "the call has left as soon as this is dropped"]
pub struct Entered<S: Service> {
    // Dropped in this order: first off the stack, then out of the gate.
    _frame: Option<ambient::Entered>,
    _inside: Inside<S>,
}

/// Admits a sync guarded call.
///
/// # Errors
/// If it is refused.
#[inline]
pub fn enter<S: Service>(who: Who<S>, method: &'static Method) -> Result<Entered<S>, NotReady> {
    let inside = match Inside::at_home(&who, method) {
        Some(inside) => inside,
        None => Inside::elsewhere_now(&who, method)?,
    };
    Ok(Entered { _frame: inside.frame().map(ambient::enter), _inside: inside })
}

impl<S: Service> fmt::Debug for Entered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

type Admission<S> = Pin<Box<dyn Future<Output = Result<Inside<S>, NotReady>> + Send>>;

enum Progress<S: Service> {
    /// Not polled yet.
    New,
    /// On the long way in.
    Waiting(Admission<S>),
    Inside(Inside<S>),
}

pin_project_lite::pin_project! {
    /// A guarded call as a future: admitted at its first poll or later, and counted until it has ended, been dropped or
    /// panicked.
    #[must_use = "a call does nothing until it is awaited"]
    pub struct Call<S: Service, F> {
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
#[inline]
pub fn call<S: Service, F: Future>(who: Who<S>, method: &'static Method, policy: Policy, body: F) -> Call<S, F> {
    Call { who, method, policy, body, progress: Progress::New }
}

impl<S: Service, F: Future> Future for Call<S, F> {
    type Output = Result<F::Output, NotReady>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        loop {
            *this.progress = match this.progress {
                Progress::Inside(inside) => {
                    let _entered = inside.frame().map(ambient::enter);
                    return this.body.poll(cx).map(Ok);
                }
                Progress::New => match Inside::at_home(this.who, this.method) {
                    Some(inside) => Progress::Inside(inside),
                    None => Progress::Waiting(Box::pin(Inside::elsewhere(this.who.address, this.method, *this.policy))),
                },
                Progress::Waiting(admission) => Progress::Inside(ready!(admission.as_mut().poll(cx))?),
            };
        }
    }
}
