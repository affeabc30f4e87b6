//! What `#[guarded]` expands to: who is called, and a sync call that passes the gate first. Async ones are in
//! [`call`](super::call).
//!
//! The short way, for the instance at home in its type's static: compare its address with the gate's token, count in,
//! push a frame; nothing is allocated and no reference is counted. Every other case takes the long way.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::sync::Arc;

use super::{Service, current};
use crate::act::{self, Door, Method, Pass, Policy, Shared, Slot};
use crate::fact::{Key, NotReady};
use crate::mechanism::ambient::{self, Pushed};
use crate::mechanism::gate::Ticket;

/// On what a guarded method was called. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Debug)]
pub struct Who<S> {
    /// The value's address; 0 for the instance of the registry that is current when the call begins.
    pub(super) address: usize,
    service: PhantomData<fn() -> S>,
}

// No type here asks for a service, only the functions do: where `S` is none, the compiler says so once.
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
}

/// A place inside; given back when it is dropped.
///
/// How a call leaves is decided by values, none of which is ever looked at in memory: this is what keeps the short way in
/// registers. Hence no field that drops itself.
pub(super) struct Inside {
    door: &'static Door,
    /// Where it is counted at the gate in the static; [`Ticket::NONE`] if not there.
    ticket: Ticket,
    /// Through whose gate it came instead; `None` for the call of a value built by hand, which nobody counts.
    pass: ManuallyDrop<Option<Pass>>,
}

impl Inside {
    /// The short way in, with the frame of the call already pushed. Not for a service that is starting: what it uses is
    /// noted, and that is the long way.
    #[inline(always)]
    pub(super) fn at_home(door: &'static Door, address: usize, method: &Method) -> Option<(Self, Pushed)> {
        let top = ambient::top()?;
        let token = if address == 0 { door.current_address(top) } else { address };
        let (ticket, frame) = door.enter(token, method, top)?;
        Some((Self { door, ticket, pass: ManuallyDrop::new(None) }, top.push(frame)))
    }

    /// The long way in, at once.
    pub(super) fn elsewhere_now<S: Service>(address: usize, method: &Method) -> Result<Self, NotReady> {
        let door = S::home().door();
        let (slot, value) = match address {
            0 => (slot_of::<S>(&*current::now::<S>()?)?, None),
            address => match S::home().find(address) {
                Some(slot) => (slot, Some(address)),
                None => return Ok(Self::elsewhere_at(door, None)),
            },
        };
        Ok(Self::elsewhere_at(door, Some(act::admit_now(&slot, value, door.lane(method))?)))
    }

    /// The long way in, waiting and booting as the method's policy says.
    pub(super) async fn elsewhere<S: Service>(address: usize, method: &'static Method) -> Result<Self, NotReady> {
        let (door, policy) = (S::home().door(), method.policy());
        let (slot, value) = match address {
            0 if policy == Policy::Refuse => (slot_of::<S>(&*current::now::<S>()?)?, None),
            0 => (slot_of::<S>(&*current::or_first_use::<S>().await?)?, None),
            address => match S::home().find(address) {
                Some(slot) => (slot, Some(address)),
                None => return Ok(Self::elsewhere_at(door, None)),
            },
        };
        Ok(Self::elsewhere_at(door, Some(act::admit(&slot, value, door.lane(method), policy).await?)))
    }

    fn elsewhere_at(door: &'static Door, pass: Option<Pass>) -> Self {
        Self { door, ticket: Ticket::NONE, pass: ManuallyDrop::new(pass) }
    }

    /// Pushes the frame of the call, for as long as this thread works on it.
    pub(super) fn push(&self) -> Pushed {
        match &*self.pass {
            _ if self.ticket.is_some() => ambient::push(self.door.frame()),
            Some(pass) => ambient::push(pass.frame()),
            None => ambient::push_again(),
        }
    }
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        if self.ticket.is_some() {
            self.door.leave(self.ticket);
        } else {
            leave_elsewhere(mem::replace(&mut self.pass, ManuallyDrop::new(None)));
        }
    }
}

#[cold]
#[inline(never)]
fn leave_elsewhere(pass: ManuallyDrop<Option<Pass>>) {
    drop(ManuallyDrop::into_inner(pass));
}

fn slot_of<S: Service>(shared: &Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot(&Key::Type(TypeId::of::<S>()), current::short_name::<S>()).cloned()
}

/// A sync guarded call that was admitted; it leaves when this is dropped.
#[must_use = "the call has left as soon as this is dropped"]
pub struct Entered {
    // Dropped in this order: first off the stack, then out of the gate.
    _frame: Pushed,
    _inside: Inside,
}

/// Admits a sync guarded call.
///
/// # Errors
/// If it is refused.
#[inline(always)]
pub fn enter<S: Service>(who: Who<S>, method: &'static Method) -> Result<Entered, NotReady> {
    match Inside::at_home(S::home().door(), who.address, method) {
        Some((_inside, _frame)) => Ok(Entered { _frame, _inside }),
        None => enter_elsewhere::<S>(who.address, method).map(|(_inside, _frame)| Entered { _frame, _inside }),
    }
}

#[cold]
#[inline(never)]
fn enter_elsewhere<S: Service>(address: usize, method: &'static Method) -> Result<(Inside, Pushed), NotReady> {
    let inside = Inside::elsewhere_now::<S>(address, method)?;
    let pushed = inside.push();
    Ok((inside, pushed))
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
