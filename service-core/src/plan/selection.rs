//! [`Selection`]: which candidates come into the plan, and which of those a boot brings up.

use std::collections::HashMap;

use super::digraph::Digraph;
use super::facts::Bond;
use super::registered::Candidate;
use super::resolution::Meanings;
use crate::base::Key;

/// The services that the builder names, as indices of candidates.
pub(super) struct Named {
    /// `None` where the builder did not say `only`.
    pub only: Option<Vec<usize>>,
    pub with: Vec<usize>,
    pub supplied: Vec<usize>,
}

/// Which candidates come into the plan, and which of those a boot brings up.
pub(super) struct Selection {
    pub present: Vec<bool>,
    pub eager: Vec<bool>,
}

impl Selection {
    /// `only` with what it requires, and every stand-in; without an `only`, everything that is on and that somebody still needs.
    pub(super) fn new(candidates: &[Candidate], on: &[bool], meanings: &Meanings<'_>, named: &Named) -> Self {
        let required = required(candidates, meanings);
        if let Some(only) = &named.only {
            let replaced = (0..candidates.len()).filter(|&at| candidates[at].facts.replaced);
            let present = required.reached_from(only.iter().chain(&named.with).copied().chain(replaced));
            return Self { eager: present.clone(), present };
        }
        let mut present = on.to_vec();
        for at in spared(candidates, on, meanings, named) {
            present[at] = false;
        }
        let seeds = (0..candidates.len()).filter(|&at| {
            let facts = &candidates[at].facts;
            present[at] && (!facts.lazy || facts.replaced)
        });
        let eager = required.reached_from(seeds.chain(named.with.iter().copied()));
        Self { present, eager }
    }
}

/// Who is ready before whom without fail. A stand-in requires nothing, whatever the real one declared.
fn required(candidates: &[Candidate], meanings: &Meanings<'_>) -> Digraph<()> {
    let mut edges = Vec::with_capacity(candidates.len());
    for (from, Candidate { facts, .. }) in candidates.iter().enumerate().filter(|(_, it)| !it.facts.replaced) {
        for (dependency, meaning) in facts.dependencies.iter().zip(&meanings[from]) {
            if dependency.bond == Bond::Requires {
                edges.extend(meaning.iter().map(|&to| (from, to, ())));
            }
        }
    }
    Digraph::new(candidates.len(), edges)
}

/// What was there only for the sake of something that a stand-in took the place of, and, in turn, for its sake.
///
/// The providers of a replaced trait object count as what its stand-in needed: each is spared unless it is also needed
/// by its own type, or as another trait object.
fn spared(candidates: &[Candidate], on: &[bool], meanings: &Meanings<'_>, named: &Named) -> Vec<usize> {
    let mut free: Vec<usize> = (0..candidates.len()).filter(|&at| candidates[at].facts.replaced).collect();
    if free.is_empty() {
        return free;
    }
    let needed = needed(candidates, on, meanings);
    let mut dependants = vec![0_usize; candidates.len()];
    needed.iter().flatten().for_each(|&to| dependants[to] += 1);

    let mut kept: Vec<bool> = candidates.iter().map(|candidate| candidate.facts.replaced).collect();
    named.with.iter().chain(&named.supplied).for_each(|&at| kept[at] = true);
    let mut spared = Vec::new();
    while let Some(from) = free.pop() {
        for &to in &needed[from] {
            dependants[to] -= 1;
            if dependants[to] == 0 && !kept[to] {
                spared.push(to);
                free.push(to);
            }
        }
    }
    spared
}

/// What each one requires or wants, or would if it were not replaced.
fn needed(candidates: &[Candidate], on: &[bool], meanings: &Meanings<'_>) -> Vec<Vec<usize>> {
    let mut needed: Vec<Vec<usize>> = vec![Vec::new(); candidates.len()];
    let mut stand_ins = HashMap::new();
    for (from, Candidate { facts, .. }) in candidates.iter().enumerate() {
        if let (Key::Type(id), true) = (&facts.key, facts.replaced) {
            stand_ins.insert(*id, from);
        }
        for (dependency, meaning) in facts.dependencies.iter().zip(&meanings[from]) {
            if dependency.bond != Bond::After {
                needed[from].extend(meaning.iter().filter(|&&to| to != from));
            }
        }
    }
    for (provider, Candidate { facts, .. }) in candidates.iter().enumerate().filter(|&(at, _)| on[at]) {
        let replaced = facts.provides.iter().filter_map(|(id, _)| stand_ins.get(id));
        for &stand_in in replaced.filter(|&&stand_in| stand_in != provider) {
            needed[stand_in].push(provider);
        }
    }
    needed
}
