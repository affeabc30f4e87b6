//! [`Selection`]: which registered definitions are in the plan, and which of those a boot starts.

use super::digraph::Digraph;
use super::facts::Bond;
use super::registered::Registered;
use super::resolution::Targets;
use crate::base::{Key, TypeMap};

/// The services that the builder names, by index.
pub(super) struct Named {
    /// `None` if the builder has no `only`.
    pub only: Option<Vec<usize>>,
    pub with: Vec<usize>,
    pub supplied: Vec<usize>,
}

impl Named {
    /// Whether `only` or `with` names this definition.
    pub(super) fn contains(&self, at: usize) -> bool {
        self.with.contains(&at) || self.only.iter().flatten().any(|&only| only == at)
    }
}

/// Which registered definitions are in the plan, and which of those a boot starts.
pub(super) struct Selection {
    pub present: Vec<bool>,
    pub eager: Vec<bool>,
}

impl Selection {
    /// With `only`: those services, all that they require, and every replacement. Without: every enabled service, except
    /// those that only a replaced service needed.
    pub(super) fn new(registered: &[Registered], on: &[bool], targets: &Targets<'_>, named: &Named) -> Self {
        let required = required(registered, targets);
        if let Some(only) = &named.only {
            let replaced = (0..registered.len()).filter(|&at| registered[at].facts.replaced);
            let present = required.reached_from(only.iter().chain(&named.with).copied().chain(replaced));
            return Self { eager: present.clone(), present };
        }
        let mut present = on.to_vec();
        for at in unneeded(registered, on, targets, named) {
            present[at] = false;
        }
        let seeds = (0..registered.len()).filter(|&at| {
            let facts = &registered[at].facts;
            present[at] && (!facts.lazy || facts.replaced) && !facts.lacks_value
        });
        let eager = required.reached_from(seeds.chain(named.with.iter().copied()));
        Self { present, eager }
    }
}

/// The graph of `requires`. A replacement requires nothing, whatever the replaced service declared.
fn required(registered: &[Registered], targets: &Targets<'_>) -> Digraph<()> {
    let mut edges = Vec::with_capacity(registered.len());
    for (from, Registered { facts, .. }) in registered.iter().enumerate().filter(|(_, it)| !it.facts.replaced) {
        for (dependency, target) in facts.dependencies.iter().zip(&targets[from]) {
            if dependency.bond == Bond::Requires {
                edges.extend(target.iter().map(|&to| (from, to, ())));
            }
        }
    }
    Digraph::new(registered.len(), edges)
}

/// The services that only replaced services needed, directly or through others.
///
/// A provider of a replaced trait object counts as needed by the replacement, so it is unneeded unless something needs it by
/// its own type or as another trait object.
fn unneeded(registered: &[Registered], on: &[bool], targets: &Targets<'_>, named: &Named) -> Vec<usize> {
    let mut free: Vec<usize> = (0..registered.len()).filter(|&at| registered[at].facts.replaced).collect();
    if free.is_empty() {
        return free;
    }
    let needed = needed(registered, on, targets);
    let mut dependants = vec![0_usize; registered.len()];
    needed.iter().flatten().for_each(|&to| dependants[to] += 1);

    let mut kept: Vec<bool> = registered.iter().map(|definition| definition.facts.replaced).collect();
    named.with.iter().chain(&named.supplied).for_each(|&at| kept[at] = true);
    let mut unneeded = Vec::new();
    while let Some(from) = free.pop() {
        for &to in &needed[from] {
            dependants[to] -= 1;
            if dependants[to] == 0 && !kept[to] {
                unneeded.push(to);
                free.push(to);
            }
        }
    }
    unneeded
}

/// What each definition requires or wants; for a replaced one, what it would need.
fn needed(registered: &[Registered], on: &[bool], targets: &Targets<'_>) -> Vec<Vec<usize>> {
    let mut needed: Vec<Vec<usize>> = vec![Vec::new(); registered.len()];
    let mut replacements = TypeMap::default();
    for (from, Registered { facts, .. }) in registered.iter().enumerate() {
        if let (Key::Type(id), true) = (&facts.key, facts.replaced) {
            replacements.insert(*id, from);
        }
        for (dependency, target) in facts.dependencies.iter().zip(&targets[from]) {
            if dependency.bond != Bond::After {
                needed[from].extend(target.iter().filter(|&&to| to != from));
            }
        }
    }
    for (provider, Registered { facts, .. }) in registered.iter().enumerate().filter(|&(at, _)| on[at]) {
        let replaced = facts.provides.iter().filter_map(|(id, _)| replacements.get(id));
        for &replacement in replaced.filter(|&&replacement| replacement != provider) {
            needed[replacement].push(provider);
        }
    }
    needed
}
