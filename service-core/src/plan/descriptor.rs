//! [`Descriptor`]: what `#[service]` states about one service. Each service has one, in a static; the compiler's search for
//! cycles and the plan both read it.

use std::any::{Any, TypeId};
use std::sync::Arc;

use super::facts::{Bond, Dependency, Facts, When};
use super::identity::Identity;
use super::static_ref::StaticRef;
use crate::base::{Budgets, Key, Location, Restart, Retry};

/// The facts of one service, as constants. The macro names the fields that differ from those of [`new`](Self::new).
pub struct Descriptor {
    /// The name of the type.
    pub type_name: &'static str,
    /// Where the struct is declared.
    pub location: Location,
    /// What the search for cycles recognizes the service by.
    pub identity: Identity,
    /// `name`: the name that the user chose.
    pub name: Option<&'static str>,
    /// `requires`, `wants` and `after`, in this order, then the injected fields.
    pub dependencies: &'static [DeclaredDependency],
    /// `provides`.
    pub provides: &'static [Provided],
    /// `lazy`.
    pub lazy: bool,
    /// `optional`.
    pub optional: bool,
    /// `given`.
    pub given: bool,
    /// `when`.
    pub when: Option<When>,
    /// `init_timeout`, `drain_timeout`, `health_timeout` and `shutdown_timeout`.
    pub budgets: Budgets,
    /// `retry`.
    pub retry: Retry,
    /// `restart`: the user's expression, which need not be constant.
    pub restart: Option<fn() -> Restart>,
    /// `tags`.
    pub tags: &'static [&'static str],
}

impl Descriptor {
    /// A service of this type, declared here, with nothing but defaults.
    pub const fn new(type_name: &'static str, location: Location) -> Self {
        Self {
            type_name,
            location,
            identity: Identity::of(type_name, location),
            name: None,
            dependencies: &[],
            provides: &[],
            lazy: false,
            optional: false,
            given: false,
            when: None,
            budgets: Budgets::DEFAULT,
            retry: Retry::ONCE,
            restart: None,
            tags: &[],
        }
    }

    /// The descriptor of a service that the macro has refused: it has no dependencies, so nothing more is reported about it.
    pub const fn refused() -> Self {
        Self::new("", Location::new("", "", 0, 0))
    }

    /// The same facts, as the plan works on them.
    pub(crate) fn facts(&self, service: TypeId) -> Facts {
        Facts {
            name_is_chosen: self.name.is_some(),
            dependencies: self.dependencies.iter().map(DeclaredDependency::resolve).collect(),
            provides: self.provides.iter().map(|provided| ((provided.type_id)(), provided.text)).collect(),
            lazy: self.lazy,
            optional: self.optional,
            given: self.given,
            when: self.when,
            budgets: self.budgets,
            retry: self.retry,
            restart: self.restart.map(|restart| restart()),
            tags: self.tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..Facts::new(self.name.unwrap_or(self.type_name).to_owned(), Key::Type(service), self.location)
        }
    }
}

/// The address of a static [`Descriptor`].
pub type DescriptorRef = StaticRef<Descriptor>;

impl DescriptorRef {
    /// The address of [`Descriptor::refused`].
    pub const fn refused() -> Self {
        static REFUSED: Descriptor = Descriptor::refused();
        Self::of(&REFUSED)
    }
}

/// A dependency as it is declared.
pub struct DeclaredDependency {
    /// Its place among the dependencies of the service, whatever `#[cfg]` removes.
    pub(super) number: usize,
    pub(super) bond: Bond,
    /// What the user wrote.
    pub(super) text: &'static str,
    /// A function, because `TypeId::of` is not constant in the oldest supported compiler.
    type_id: fn() -> TypeId,
    /// `None` for a trait object: only the plan knows which service provides it.
    pub(super) descriptor: Option<DescriptorRef>,
}

impl DeclaredDependency {
    /// A dependency on a service or a trait object.
    pub const fn on<D: ?Sized + 'static>(
        number: usize,
        bond: Bond,
        text: &'static str,
        descriptor: Option<DescriptorRef>,
    ) -> Self {
        Self { number, bond, text, type_id: TypeId::of::<D>, descriptor }
    }

    fn resolve(&self) -> Dependency {
        Dependency { key: Key::Type((self.type_id)()), text: self.text.into(), bond: self.bond }
    }
}

/// A trait object that a service can be required as.
pub struct Provided {
    text: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    /// Makes an `Arc` of the trait object, in a box, out of the instance.
    pub(crate) cast: Cast,
}

type Cast = fn(Arc<dyn Any + Send + Sync>) -> Option<Box<dyn Any + Send + Sync>>;

impl Provided {
    /// The service as this trait object.
    pub const fn of<B: ?Sized + 'static>(text: &'static str, cast: Cast) -> Self {
        Self { text, type_id: TypeId::of::<B>, cast }
    }
}
