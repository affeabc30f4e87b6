//! [`Declared`]: the facts of one service, with its hooks.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use super::hooks::{Hooks, MakeHooks, ServiceHooks};
use super::supplied::{Supplied, Unsupplied};
use crate::gate::HasTypeEntry;
use crate::plan::{Descriptor, Facts};

/// The facts of a service, with its hooks.
pub struct Declared {
    pub(crate) facts: Facts,
    pub(crate) hooks: Arc<dyn Hooks>,
}

impl Declared {
    /// A service that is made at run time.
    pub(crate) fn new(facts: Facts, hooks: Arc<dyn Hooks>) -> Self {
        Self { facts, hooks }
    }

    /// The service of this type, as the macro describes it; without hooks, it cannot start until its value is supplied.
    pub(crate) fn described<S: HasTypeEntry>(descriptor: &'static Descriptor, make: Option<MakeHooks<S>>) -> Self {
        let hooks = make.map(|make| make(descriptor.provides, None));
        Self::of_type(descriptor, TypeId::of::<S>(), hooks)
    }

    fn of_type(descriptor: &'static Descriptor, id: TypeId, hooks: Option<ServiceHooks>) -> Self {
        let facts = Facts { lacks_value: hooks.is_none(), ..descriptor.facts(id) };
        let hooks = hooks.map_or_else(|| -> Arc<dyn Hooks> { Arc::new(Unsupplied) }, |hooks| hooks.0);
        Self { facts, hooks }
    }

    /// The same service with a given value. Its hooks, if it has any, run on that value.
    pub(crate) fn given<S: HasTypeEntry>(
        descriptor: &'static Descriptor,
        make: Option<MakeHooks<S>>,
        value: Arc<S>,
    ) -> Self {
        let facts = Facts { is_value: make.is_none(), ..descriptor.facts(TypeId::of::<S>()) };
        let hooks = match make {
            Some(make) => make(descriptor.provides, Some(value)).0,
            None => Arc::new(Supplied::new(value, descriptor.provides)),
        };
        Self { facts, hooks }
    }

    /// The same service, replaced by this value: it is there from the beginning, and none of its hooks run.
    pub(crate) fn replaced<S: HasTypeEntry>(descriptor: &'static Descriptor, value: Arc<S>) -> Self {
        let facts = descriptor.facts(TypeId::of::<S>());
        let facts = Facts { replaced: true, is_value: true, given: false, lazy: false, when: None, ..facts };
        Self { facts, hooks: Arc::new(Supplied::new(value, descriptor.provides)) }
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared").field("facts", &self.facts).finish_non_exhaustive()
    }
}
