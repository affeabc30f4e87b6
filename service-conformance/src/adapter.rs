//! [`Adapter`]: the interface between the suite and a registry. [`DynAdapter`]: the same without its types.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use crate::{Capability, Plan, Value};

/// How the suite drives a registry: how a plan is booted, and how the registry is shut down.
///
/// An adapter translates and does nothing else. It registers a service for each of [`Plan::services`], whose hooks are
/// [`Service::init`](crate::Service::init) and [`Service::shutdown`](crate::Service::shutdown). It uses the registry as
/// the documentation of the registry says, and returns the registry's errors unchanged. It does not catch panics, add
/// timeouts or order services.
pub trait Adapter: Send + Sync + 'static {
    /// A registry that is up.
    type Registry: 'static;

    /// The name and version of the registry: the header of its column in the table.
    fn name(&self) -> String;

    /// Why the registry does not offer this capability, in a few words; `None` if it does. A registry that offers a
    /// capability and implements it badly still offers it.
    fn unsupported(&self, capability: Capability) -> Option<&'static str>;

    /// Boots the plan.
    ///
    /// # Errors
    /// The complete text of the registry's own error.
    fn boot(&self, plan: &Plan) -> impl Future<Output = Result<Self::Registry, String>>;

    /// The value of a service of a registry that is up.
    ///
    /// # Errors
    /// The text of the registry's own error.
    fn get(&self, registry: &Self::Registry, service: &str) -> impl Future<Output = Result<Value, String>>;

    /// Shuts down. Called at most once, except if [`Capability::RepeatedShutdown`] is offered.
    ///
    /// # Errors
    /// The complete text of the registry's own error.
    fn shutdown(&self, registry: &Self::Registry) -> impl Future<Output = Result<(), String>>;

    /// Validates the plan without running a hook. Called only if [`Capability::Validation`] is offered.
    ///
    /// # Errors
    /// The text of the registry's own error.
    fn validate(&self, plan: &Plan) -> Result<(), String> {
        Err(format!("{} does not validate a plan of {} services", self.name(), plan.services().len()))
    }
}

/// A boxed future that stays on its thread.
pub(crate) type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An [`Adapter`] without its types, so that the checks are compiled once.
pub(crate) trait DynAdapter: Send + Sync {
    fn name(&self) -> String;
    fn unsupported(&self, capability: Capability) -> Option<&'static str>;
    fn boot<'a>(&'a self, plan: &'a Plan) -> LocalBoxFuture<'a, Result<Box<dyn Any>, String>>;
    fn get<'a>(&'a self, registry: &'a dyn Any, service: &'a str) -> LocalBoxFuture<'a, Result<Value, String>>;
    fn shutdown<'a>(&'a self, registry: &'a dyn Any) -> LocalBoxFuture<'a, Result<(), String>>;
    fn validate(&self, plan: &Plan) -> Result<(), String>;
}

fn downcast<R: 'static>(registry: &dyn Any) -> Result<&R, String> {
    registry.downcast_ref().ok_or_else(|| "the registry belongs to another adapter".to_owned())
}

impl<A: Adapter> DynAdapter for A {
    fn name(&self) -> String {
        Adapter::name(self)
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        Adapter::unsupported(self, capability)
    }

    fn boot<'a>(&'a self, plan: &'a Plan) -> LocalBoxFuture<'a, Result<Box<dyn Any>, String>> {
        Box::pin(async move { Ok(Box::new(Adapter::boot(self, plan).await?) as Box<dyn Any>) })
    }

    fn get<'a>(&'a self, registry: &'a dyn Any, service: &'a str) -> LocalBoxFuture<'a, Result<Value, String>> {
        Box::pin(async move { Adapter::get(self, downcast(registry)?, service).await })
    }

    fn shutdown<'a>(&'a self, registry: &'a dyn Any) -> LocalBoxFuture<'a, Result<(), String>> {
        Box::pin(async move { Adapter::shutdown(self, downcast(registry)?).await })
    }

    fn validate(&self, plan: &Plan) -> Result<(), String> {
        Adapter::validate(self, plan)
    }
}
