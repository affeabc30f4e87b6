//! [`Facts`]: what is known about one service before any of its code runs.

use std::any::TypeId;
use std::sync::Arc;

use crate::base::{Budgets, Key, Location, Restart, Retry};

/// How a service hangs on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bond {
    /// Ready before, stopped after; if it fails, this one is blocked.
    Requires,
    /// The same order where it is present; its failure only degrades this one.
    Wants,
    /// Order only, where it is being booted anyway.
    After,
}

impl Bond {
    /// What it is called in a sentence with two services.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Wants => "wants",
            Self::After => "comes after",
        }
    }
}

/// One declared dependency.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub key: Key,
    /// What the user wrote, for messages: `Cache`, `dyn Mail`, `shard-3`.
    pub text: Arc<str>,
    pub bond: Bond,
}

/// A condition on being registered at all.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// The path the user wrote.
    pub text: &'static str,
    /// Whether it holds.
    pub holds: fn() -> bool,
}

/// The facts of one service. Its hooks are elsewhere: nothing that works on facts can run user code.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The name people see; the plan makes it longer where two services share it.
    pub name: String,
    /// Chosen by the user, so never made longer.
    pub name_is_chosen: bool,
    pub key: Key,
    pub location: Location,
    pub dependencies: Vec<Dependency>,
    /// The trait objects it can be required as.
    pub provides: Vec<(TypeId, &'static str)>,
    pub lazy: bool,
    pub optional: bool,
    pub given: bool,
    /// Has no `init`, and no value was supplied, so it cannot start.
    pub lacks_value: bool,
    /// A supplied value on which no hook runs.
    pub is_value: bool,
    /// Handed over by `replace`: ready at once, and its declared dependencies do not count.
    pub replaced: bool,
    pub when: Option<When>,
    pub budgets: Budgets,
    pub retry: Retry,
    /// What its health check can be asked for by.
    pub tags: Vec<String>,
    /// Whether and when it is restarted.
    pub restart: Option<Restart>,
}

impl Facts {
    /// A service that is declared here, with nothing but defaults.
    pub(crate) fn new(name: String, key: Key, location: Location) -> Self {
        Self {
            name,
            name_is_chosen: false,
            key,
            location,
            dependencies: Vec::new(),
            provides: Vec::new(),
            lazy: false,
            optional: false,
            given: false,
            lacks_value: false,
            is_value: false,
            replaced: false,
            when: None,
            budgets: Budgets::DEFAULT,
            retry: Retry::ONCE,
            tags: Vec::new(),
            restart: None,
        }
    }

    /// Whether a boot succeeds without it. The plan has proved that of a service that cannot start.
    pub(crate) fn is_optional(&self) -> bool {
        self.optional || self.lacks_value
    }
}
