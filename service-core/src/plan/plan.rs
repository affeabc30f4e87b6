//! [`Plan`]: a set of services proved sound, in the order in which a boot may take them up.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use super::facts::{Bond, Facts};
use crate::base::Key;

/// A set of services proved sound before any of their code runs. A cheap clone.
///
/// Displays as a tree: what nobody depends on stands at the left, and below each service what it depends on.
///
/// ```
/// use service_core::Registry;
///
/// let plan = Registry::builder().isolated().plan()?;
/// println!("{plan}");
/// # Ok::<(), service_core::PlanError>(())
/// ```
#[derive(Clone)]
pub struct Plan {
    inner: Arc<Inner>,
}

struct Inner {
    services: Vec<Planned>,
    /// By type, and by trait object where only one provides it.
    by_type: HashMap<TypeId, usize>,
    /// Sorted by name.
    by_name: Vec<usize>,
}

/// One service of a plan.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its facts, with the name it has in this plan.
    pub facts: Facts,
    /// Its index in the catalog that the plan was made from.
    pub source: usize,
    /// What it depends on and is present, as it was declared.
    pub needs: Vec<Need>,
    /// What it wants that is not in the plan, as it was written.
    pub(super) absent_wants: Vec<String>,
    /// Those that depend on it, ascending.
    pub dependants: Vec<usize>,
    /// Whether a boot brings it up; otherwise it waits for its first use.
    pub eager: bool,
    /// How many edges the longest path has from a service that nobody depends on down to this one.
    pub height: u32,
}

/// A dependency that is present.
#[derive(Debug)]
pub(crate) struct Need {
    /// The service that it means.
    pub index: usize,
    pub key: Key,
    /// What the user wrote.
    pub text: String,
    pub bond: Bond,
}

impl Plan {
    /// `services` are in topological order, dependencies first, and speak of each other by their place in it.
    pub(super) fn new(services: Vec<Planned>) -> Self {
        let mut by_name: Vec<usize> = (0..services.len()).collect();
        by_name.sort_unstable_by_key(|&at| services[at].facts.name.as_str());
        let mut by_type = HashMap::with_capacity(services.len());
        let mut provided: HashMap<TypeId, Vec<usize>> = HashMap::new();
        for (at, Planned { facts, .. }) in services.iter().enumerate() {
            if let Key::Type(id) = facts.key {
                by_type.insert(id, at);
            }
            facts.provides.iter().for_each(|(id, _)| provided.entry(*id).or_default().push(at));
        }
        for (id, providers) in provided {
            if let [provider] = providers[..] {
                by_type.entry(id).or_insert(provider);
            }
        }
        Self { inner: Arc::new(Inner { services, by_type, by_name }) }
    }

    /// How many services there are, those included that wait for their first use.
    pub fn len(&self) -> usize {
        self.inner.services.len()
    }

    /// Whether there is no service.
    pub fn is_empty(&self) -> bool {
        self.inner.services.is_empty()
    }

    /// The services, each after all that it depends on.
    pub(crate) fn services(&self) -> &[Planned] {
        &self.inner.services
    }

    /// Where the service with this type or name is, or the only one that provides this trait object.
    pub(crate) fn index_of(&self, key: &Key) -> Option<usize> {
        match key {
            Key::Type(id) => self.inner.by_type.get(id).copied(),
            Key::Name(name) => self.index_of_name(name),
        }
    }

    /// Where the service with this name is.
    pub(crate) fn index_of_name(&self, name: &str) -> Option<usize> {
        let Inner { services, by_name, .. } = &*self.inner;
        let found = by_name.binary_search_by(|&at| services[at].facts.name.as_str().cmp(name)).ok()?;
        Some(by_name[found])
    }

    /// What a service wants that is not in the plan, as it was written.
    pub(crate) fn absent_wants(&self, index: usize) -> &[String] {
        &self.inner.services[index].absent_wants
    }
}
