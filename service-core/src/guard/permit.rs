//! What `#[guarded]` expands to: on whom a method is called, and a sync call that passes the gate first. Async ones are in
//! [`call`](super::call).
//!
//! The short way, for the instance at home in its type's static: count in, compare its address with the gate's token,
//! push a frame; nothing is allocated and no reference is counted. Every other case takes the long way.

use std::any::TypeId;
use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::sync::Arc;

use crate::base::{Key, short_name};
use crate::gate::Policy;
use crate::gate::context_stack;
use crate::gate::context_stack::Pushed;
use crate::gate::gate::Ticket;
use crate::gate::{Door, Method, Pass, Slot};
use crate::registry::{Service, current};
use crate::report::NotReady;
use crate::shared::{self, Shared};

/// On whom a guarded method is called.
pub trait Callee: Copy {
    /// The value's address; none for the instance of the registry that is current when the call begins.
    fn address(self) -> Option<usize>;
}

/// A value. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Clone, Copy, Debug)]
pub struct This(usize);

impl This {
    /// This value.
    #[inline(always)]
    pub fn at<S>(value: &S) -> Self {
        Self(std::ptr::from_ref(value) as usize)
    }
}

impl Callee for This {
    #[inline(always)]
    fn address(self) -> Option<usize> {
        Some(self.0)
    }
}

/// The current registry's instance.
#[derive(Clone, Copy, Debug)]
pub struct Current;

impl Callee for Current {
    #[inline(always)]
    fn address(self) -> Option<usize> {
        None
    }
}

/// A place inside, come to by the short way; given back when it is dropped.
pub(super) struct AtHome {
    door: &'static Door,
    ticket: Ticket,
}

impl AtHome {
    /// The short way in, with the frame of the call already pushed. Not for a service that is starting: what it uses is
    /// noted, and that is the long way.
    #[inline(always)]
    pub(super) fn enter(door: &'static Door, callee: impl Callee, method: &Method) -> Option<(Self, Pushed)> {
        let top = context_stack::top()?;
        let token = callee.address().unwrap_or_else(|| door.current_address(top));
        let (ticket, frame) = door.enter(token, method, top)?;
        Some((Self { door, ticket }, top.push(frame)))
    }
}

impl Drop for AtHome {
    #[inline(always)]
    fn drop(&mut self) {
        self.door.leave(self.ticket);
    }
}

/// A place inside, whichever way one came; given back when it is dropped.
///
/// How a sync call leaves is decided by values, none of which is ever looked at in memory: this is what keeps the short
/// way in registers. Hence no enum, and no field that drops itself.
pub(super) struct Inside {
    door: &'static Door,
    /// Where it is counted at the gate in the static; [`Ticket::NONE`] if not there.
    ticket: Ticket,
    /// Through whose gate it came instead; `None` for the call of a value built by hand, which nobody counts.
    pass: ManuallyDrop<Option<Pass>>,
}

impl From<AtHome> for Inside {
    #[inline(always)]
    fn from(home: AtHome) -> Self {
        let home = ManuallyDrop::new(home);
        Self { door: home.door, ticket: home.ticket, pass: ManuallyDrop::new(None) }
    }
}

impl Inside {
    /// The long way in, at once.
    pub(super) fn elsewhere_now<S: Service>(address: Option<usize>, method: &Method) -> Result<Self, NotReady> {
        let door = S::home().door();
        let slot = match address {
            None => slot_of::<S>(&*current::now::<S>()?)?,
            Some(address) => match S::home().find(address) {
                Some(slot) => slot,
                None => return Ok(Self::elsewhere_at(door, None)),
            },
        };
        Ok(Self::elsewhere_at(door, Some(shared::admit_now(&slot, address, door.lane(method))?)))
    }

    /// The long way in, waiting and booting as the method's policy says.
    pub(super) async fn elsewhere<S: Service>(
        address: Option<usize>,
        method: &'static Method,
    ) -> Result<Self, NotReady> {
        let (door, policy) = (S::home().door(), method.policy());
        let slot = match address {
            None if policy == Policy::Refuse => slot_of::<S>(&*current::now::<S>()?)?,
            None => slot_of::<S>(&*current::or_first_use::<S>().await?)?,
            Some(address) => match S::home().find(address) {
                Some(slot) => slot,
                None => return Ok(Self::elsewhere_at(door, None)),
            },
        };
        Ok(Self::elsewhere_at(door, Some(shared::admit(&slot, address, door.lane(method), policy).await?)))
    }

    fn elsewhere_at(door: &'static Door, pass: Option<Pass>) -> Self {
        Self { door, ticket: Ticket::NONE, pass: ManuallyDrop::new(pass) }
    }

    /// Pushes the frame of the call, for as long as this thread works on it.
    pub(super) fn push(&self) -> Pushed {
        match &*self.pass {
            _ if self.ticket.is_some() => context_stack::push(self.door.frame()),
            Some(pass) => context_stack::push(pass.frame()),
            None => context_stack::push_again(),
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
    shared.slot(&Key::Type(TypeId::of::<S>()), short_name::<S>()).cloned()
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
pub(crate) fn enter<S: Service>(callee: impl Callee, method: &'static Method) -> Result<Entered, NotReady> {
    match AtHome::enter(S::home().door(), callee, method) {
        Some((home, _frame)) => Ok(Entered { _frame, _inside: home.into() }),
        None => enter_elsewhere::<S>(callee.address(), method).map(|(_inside, _frame)| Entered { _frame, _inside }),
    }
}

#[cold]
#[inline(never)]
fn enter_elsewhere<S: Service>(address: Option<usize>, method: &'static Method) -> Result<(Inside, Pushed), NotReady> {
    let inside = Inside::elsewhere_now::<S>(address, method)?;
    let pushed = inside.push();
    Ok((inside, pushed))
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
