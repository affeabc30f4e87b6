//! [`Declare`]: how generated code states the facts of a service. [`Declared`]: those facts, with the service's hooks.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::hooks::{Awaited, HandedOver, Hooks, Kept, Managed, Views};
use super::lifecycle::Lifecycle;
use crate::base::{Budgets, Key, Location, Restart, Retry};
use crate::gate::Homed;
use crate::plan::{Bond, Dependency, Facts, When};

/// The facts of a service, with its hooks.
pub struct Declared {
    pub(crate) facts: Facts,
    pub(crate) hooks: Arc<dyn Hooks>,
    /// An `Arc<Views<S>>`, for a value that is handed over later.
    views: Option<Box<dyn Any + Send + Sync>>,
}

impl Declared {
    pub(crate) fn new(facts: Facts, hooks: Arc<dyn Hooks>) -> Self {
        Self { facts, hooks, views: None }
    }

    /// The same service, but with this value instead of its own `init`.
    pub(crate) fn hand_over<S: Homed>(&mut self, value: Arc<S>) {
        let views = self.views.as_ref().and_then(|views| views.downcast_ref::<Arc<Views<S>>>());
        let views = views.cloned().unwrap_or_default();
        self.hooks = Arc::new(HandedOver { value: Kept::new(value), views });
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// States the facts of `S`, one call a fact. Generated code is the only caller.
#[must_use]
pub struct Declare<S> {
    facts: Facts,
    views: Views<S>,
}

impl<S: Homed> Declare<S> {
    /// A service of this name, declared here.
    pub fn new(name: &str, location: Location) -> Self {
        let facts = Facts {
            name: name.to_owned(),
            name_is_chosen: false,
            key: Key::Type(TypeId::of::<S>()),
            location,
            dependencies: Vec::new(),
            provides: Vec::new(),
            lazy: false,
            optional: false,
            given: false,
            replaced: false,
            when: None,
            budgets: Budgets::default(),
            retry: Retry::default(),
            restart: None,
            tags: Vec::new(),
        };
        Self { facts, views: Vec::new() }
    }

    /// The name the user chose.
    pub fn name(mut self, name: &str) -> Self {
        self.facts.name = name.to_owned();
        self.facts.name_is_chosen = true;
        self
    }

    fn depends<D: ?Sized + 'static>(mut self, text: &str, bond: Bond) -> Self {
        self.facts.dependencies.push(Dependency { key: Key::Type(TypeId::of::<D>()), text: text.to_owned(), bond });
        self
    }

    /// `requires = [D]`.
    pub fn requires<D: ?Sized + 'static>(self, text: &str) -> Self {
        self.depends::<D>(text, Bond::Requires)
    }

    /// `wants = [D]`.
    pub fn wants<D: ?Sized + 'static>(self, text: &str) -> Self {
        self.depends::<D>(text, Bond::Wants)
    }

    /// `after = [D]`.
    pub fn after<D: ?Sized + 'static>(self, text: &str) -> Self {
        self.depends::<D>(text, Bond::After)
    }

    /// `provides = [B]`.
    pub fn provides<B: ?Sized + Send + Sync + 'static>(
        mut self,
        text: &'static str,
        cast: fn(Arc<S>) -> Arc<B>,
    ) -> Self {
        self.facts.provides.push((TypeId::of::<B>(), text));
        self.views.push(Box::new(move |value, instance| instance.provide(cast(value.clone()))));
        self
    }

    /// `lazy`.
    pub fn lazy(mut self) -> Self {
        self.facts.lazy = true;
        self
    }

    /// `optional`.
    pub fn optional(mut self) -> Self {
        self.facts.optional = true;
        self
    }

    /// `when = path`.
    pub fn when(mut self, text: &'static str, holds: fn() -> bool) -> Self {
        self.facts.when = Some(When { text, holds });
        self
    }

    /// `tags = ["…"]`.
    pub fn tag(mut self, tag: &str) -> Self {
        self.facts.tags.push(tag.to_owned());
        self
    }

    /// `health_timeout = "…"`.
    pub fn health_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.health = time;
        self
    }

    /// `init_timeout = "…"`.
    pub fn init_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.init = time;
        self
    }

    /// `drain_timeout = "…"`.
    pub fn drain_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.drain = time;
        self
    }

    /// `shutdown_timeout = "…"`.
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.shutdown = time;
        self
    }

    /// `retry(…)`.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.facts.retry = retry;
        self
    }

    /// `restart = …`.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.facts.restart = Some(restart);
        self
    }

    /// It makes itself.
    pub(super) fn managed(self) -> Declared
    where
        S: Lifecycle,
    {
        let views = Arc::new(self.views);
        Declared { facts: self.facts, hooks: Arc::new(Managed { views: views.clone() }), views: Some(Box::new(views)) }
    }

    /// `given`: it is handed over.
    pub fn given(mut self) -> Declared {
        self.facts.given = true;
        let hooks = Arc::new(Awaited::<S>(PhantomData));
        Declared { facts: self.facts, hooks, views: Some(Box::new(Arc::new(self.views))) }
    }
}

impl<S> fmt::Debug for Declare<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declare").field("facts", &self.facts).finish_non_exhaustive()
    }
}
