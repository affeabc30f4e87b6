//! [`Subject`]: the adapter between the suite and a registry. [`Erased`]: the same without its types.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use crate::{Capability, Plan, Value};

/// A registry that is held to the suite: how it is given a plan, and how it is shut down.
///
/// An adapter translates and nothing more. It gives the registry a service for each of [`Plan::services`], whose hooks
/// are [`Service::init`](crate::Service::init) and [`Service::shutdown`](crate::Service::shutdown); it uses the
/// registry as the registry's own documents say; it hands errors on in the registry's own words; and it repairs
/// nothing: no catching of panics, no timeouts, no ordering of its own.
pub trait Subject: Send + Sync + 'static {
    /// A registry that is up.
    type Up: 'static;

    /// What the column of the table is called: the name and the version.
    fn name(&self) -> String;

    /// Why the registry does not offer this, in a few words; `None` where it does. A registry that offers something
    /// and does it badly does not lack it.
    fn lacks(&self, capability: Capability) -> Option<&'static str>;

    /// Boots the plan.
    ///
    /// # Errors
    /// With the registry's own words, all of them.
    fn boot(&self, plan: &Plan) -> impl Future<Output = Result<Self::Up, String>>;

    /// The value of a service of a registry that is up.
    ///
    /// # Errors
    /// With the registry's own words.
    fn get(&self, up: &Self::Up, service: &str) -> impl Future<Output = Result<Value, String>>;

    /// Shuts down. Called at most once, except where [`Capability::RepeatedShutdown`] is offered.
    ///
    /// # Errors
    /// With the registry's own words, all of them.
    fn shutdown(&self, up: &Self::Up) -> impl Future<Output = Result<(), String>>;

    /// Proves the plan, and runs no hook. Called only where [`Capability::Validation`] is offered.
    ///
    /// # Errors
    /// With the registry's own words.
    fn validate(&self, plan: &Plan) -> Result<(), String> {
        Err(format!("{} does not validate a plan of {} services", self.name(), plan.services().len()))
    }
}

/// A boxed future that stays on its thread.
pub(crate) type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A [`Subject`] without its types, so that the checks are compiled once.
pub(crate) trait Erased: Send + Sync {
    fn name(&self) -> String;
    fn lacks(&self, capability: Capability) -> Option<&'static str>;
    fn boot<'a>(&'a self, plan: &'a Plan) -> Soon<'a, Result<Box<dyn Any>, String>>;
    fn get<'a>(&'a self, up: &'a dyn Any, service: &'a str) -> Soon<'a, Result<Value, String>>;
    fn shutdown<'a>(&'a self, up: &'a dyn Any) -> Soon<'a, Result<(), String>>;
    fn validate(&self, plan: &Plan) -> Result<(), String>;
}

fn known<U: 'static>(up: &dyn Any) -> Result<&U, String> {
    up.downcast_ref().ok_or_else(|| "that registry belongs to another subject".to_owned())
}

impl<S: Subject> Erased for S {
    fn name(&self) -> String {
        Subject::name(self)
    }

    fn lacks(&self, capability: Capability) -> Option<&'static str> {
        Subject::lacks(self, capability)
    }

    fn boot<'a>(&'a self, plan: &'a Plan) -> Soon<'a, Result<Box<dyn Any>, String>> {
        Box::pin(async move { Ok(Box::new(Subject::boot(self, plan).await?) as Box<dyn Any>) })
    }

    fn get<'a>(&'a self, up: &'a dyn Any, service: &'a str) -> Soon<'a, Result<Value, String>> {
        Box::pin(async move { Subject::get(self, known(up)?, service).await })
    }

    fn shutdown<'a>(&'a self, up: &'a dyn Any) -> Soon<'a, Result<(), String>> {
        Box::pin(async move { Subject::shutdown(self, known(up)?).await })
    }

    fn validate(&self, plan: &Plan) -> Result<(), String> {
        Subject::validate(self, plan)
    }
}
