//! What `#[guarded]` expands to: who is called, and a call that passes the gate first.

use std::any::TypeId;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Service, current};
use crate::act::{self, Pass, Policy, Slot};
use crate::fact::{Key, NotReady};
use crate::mechanism::ambient;

/// On what a guarded method was called. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Debug)]
pub struct Who<S> {
    target: Target,
    service: PhantomData<fn() -> S>,
}

#[derive(Debug)]
enum Target {
    /// A value that no registry manages: built by hand, so it is free.
    Free,
    Managed(Arc<Slot>),
    /// No receiver: the instance of the registry that is current when the call begins.
    Current,
}

impl<S: Service> Who<S> {
    /// This value.
    pub fn at(value: &S) -> Self {
        let slot = S::home().find(std::ptr::from_ref(value) as usize);
        Self { target: slot.map_or(Target::Free, Target::Managed), service: PhantomData }
    }

    /// The current registry's instance.
    pub fn current() -> Self {
        Self { target: Target::Current, service: PhantomData }
    }
}

fn slot_of<S: Service>(shared: &act::Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot(&Key::Type(TypeId::of::<S>()), current::short_name::<S>()).cloned()
}

/// Runs `body` as a guarded call: admitted first, and counted until it has ended, been dropped or panicked.
pub async fn call<S: Service, F: Future>(
    who: Who<S>,
    method: &'static str,
    policy: Policy,
    body: F,
) -> Result<F::Output, NotReady> {
    let slot = match who.target {
        Target::Free => return Ok(body.await),
        Target::Managed(slot) => slot,
        Target::Current if policy == Policy::Refuse => slot_of::<S>(&*current::now::<S>()?)?,
        Target::Current => slot_of::<S>(&*current::or_first_use::<S>().await?)?,
    };
    let pass = act::admit(&slot, method, policy).await?;
    let output = ambient::marked(pass.frame(), body).await;
    drop(pass);
    Ok(output)
}

/// A sync guarded call that was admitted; it leaves when this is dropped.
#[must_use = "the call has left as soon as this is dropped"]
pub struct Entered {
    // Dropped in this order: first off the stack, then out of the gate.
    frame: Option<ambient::Entered>,
    pass: Option<Pass>,
}

/// Admits a sync guarded call, or says why not.
pub fn enter<S: Service>(who: Who<S>, method: &'static str) -> Result<Entered, NotReady> {
    let slot = match who.target {
        Target::Free => return Ok(Entered { frame: None, pass: None }),
        Target::Managed(slot) => slot,
        Target::Current => slot_of::<S>(&*current::now::<S>()?)?,
    };
    let pass = act::admit_now(&slot, method)?;
    Ok(Entered { frame: Some(ambient::enter(pass.frame())), pass: Some(pass) })
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entered").field("managed", &self.pass.is_some()).field("marked", &self.frame.is_some()).finish()
    }
}
