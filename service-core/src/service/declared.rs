//! [`Declared`]: the facts of one service, with its hooks.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use super::hooks::{Hooks, MakeHooks};
use super::supplied::{Supplied, Unsupplied};
use crate::gate::HasTypeEntry;
use crate::plan::{Descriptor, Facts, Provided};

/// The facts of a service, with its hooks.
pub struct Declared {
    pub(crate) facts: Facts,
    pub(crate) hooks: Arc<dyn Hooks>,
    provides: &'static [Provided],
}

impl Declared {
    /// A service that is made at run time.
    pub(crate) fn new(facts: Facts, hooks: Arc<dyn Hooks>) -> Self {
        Self { facts, hooks, provides: &[] }
    }

    /// The service of this type, as the macro describes it; without hooks, its value has to be supplied.
    pub(crate) fn described(service: TypeId, descriptor: &'static Descriptor, hooks: Option<MakeHooks>) -> Self {
        let hooks =
            hooks.map_or_else(|| -> Arc<dyn Hooks> { Arc::new(Unsupplied) }, |make| make(descriptor.provides).0);
        Self { facts: descriptor.facts(service), hooks, provides: descriptor.provides }
    }

    /// The same service, with this value in place of what its own `init` makes.
    pub(crate) fn supply<S: HasTypeEntry>(&mut self, value: Arc<S>) {
        self.hooks = Arc::new(Supplied::new(value, self.provides));
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared").field("facts", &self.facts).finish_non_exhaustive()
    }
}
