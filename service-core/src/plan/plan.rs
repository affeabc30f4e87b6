//! [`Plan`]: a set of services proved sound, in topological order.

use std::any::TypeId;
use std::sync::Arc;

use super::facts::{Bond, Facts};
use crate::base::{Key, TypeMap, TypeTable, sort_by};
use crate::report::Refusal;

/// A set of services proved sound before any of their code runs. A cheap clone.
///
/// Displays as a tree: the services that nothing depends on stand at the left, and below each service its dependencies.
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
    inner: Arc<PlanData>,
}

struct PlanData {
    services: Vec<Planned>,
    /// By type, and by trait object where only one provides it.
    by_type: TypeTable,
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
    /// Its dependencies that are in the plan, as they were declared.
    pub needs: Vec<Need>,
    /// The names in `wants` that are not in the plan, as the user wrote them.
    pub(super) absent_wants: Vec<String>,
    /// The services that depend on it, ascending.
    pub dependants: Vec<usize>,
    /// Whether it is a supplied value that neither a service nor the builder names.
    pub is_unused: bool,
    /// Whether a boot starts it; if not, its first use does.
    pub eager: bool,
    /// The number of edges on the longest path from a service that nothing depends on to this one. If a boot starts this one,
    /// only services that it starts, too, are on the path.
    pub height: u32,
}

impl Planned {
    /// With what a call is refused while nothing has started the service.
    pub(crate) fn idle_refusal(&self) -> Refusal {
        match self.eager {
            _ if self.facts.lacks_value => Refusal::NotGiven,
            true => Refusal::State,
            false => Refusal::Lazy,
        }
    }
}

/// A dependency that is in the plan.
#[derive(Debug)]
pub(crate) struct Need {
    /// The service that it names.
    pub index: usize,
    pub key: Key,
    /// What the user wrote.
    pub text: Arc<str>,
    pub bond: Bond,
}

impl Plan {
    /// `services` are in topological order, dependencies first, and name each other by their index in it.
    pub(super) fn new(services: Vec<Planned>) -> Self {
        let mut by_name: Vec<usize> = (0..services.len()).collect();
        sort_by(&mut by_name, |&a, &b| services[a].facts.name.cmp(&services[b].facts.name));
        let mut by_type = Vec::with_capacity(services.len());
        let mut provided = TypeMap::<Vec<usize>>::default();
        for (at, Planned { facts, .. }) in services.iter().enumerate() {
            if let Key::Type(id) = facts.key {
                by_type.push((id, at));
            }
            facts.provides.iter().for_each(|(id, _)| provided.entry(*id).or_default().push(at));
        }
        // After the types of services: a replacement for a trait object has the type of that object, and wins over the providers.
        by_type.extend(provided.into_iter().filter_map(|(id, providers)| match providers[..] {
            [provider] => Some((id, provider)),
            _ => None,
        }));
        Self { inner: Arc::new(PlanData { services, by_type: TypeTable::new(&by_type), by_name }) }
    }

    /// The number of services, including lazy ones.
    pub fn len(&self) -> usize {
        self.inner.services.len()
    }

    /// Whether the plan has no services.
    pub fn is_empty(&self) -> bool {
        self.inner.services.is_empty()
    }

    /// The services, each after all of its dependencies.
    pub(crate) fn services(&self) -> &[Planned] {
        &self.inner.services
    }

    /// The index of the service with this type or name, or of the only provider of this trait object.
    #[cfg(test)]
    pub(crate) fn index_of(&self, key: &Key) -> Option<usize> {
        match key {
            Key::Type(id) => self.index_of_type(id),
            Key::Name(name) => self.index_of_name(name),
        }
    }

    /// The index of the service with this type, or of the only provider of this trait object.
    #[inline]
    pub(crate) fn index_of_type(&self, id: &TypeId) -> Option<usize> {
        self.inner.by_type.get(id)
    }

    /// The index of the service with this name.
    pub(crate) fn index_of_name(&self, name: &str) -> Option<usize> {
        let PlanData { services, by_name, .. } = &*self.inner;
        let found = by_name.binary_search_by(|&at| services[at].facts.name.as_str().cmp(name)).ok()?;
        Some(by_name[found])
    }

    /// The names in the `wants` of a service that are not in the plan, as the user wrote them.
    pub(crate) fn absent_wants(&self, index: usize) -> &[String] {
        &self.inner.services[index].absent_wants
    }
}
