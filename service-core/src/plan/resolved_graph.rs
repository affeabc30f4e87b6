//! [`Draft`]: a plan before it is proved, with every dependency resolved.

use super::digraph::Digraph;
use super::facts::{Bond, Dependency};
use super::plan::{Need, Planned};
use super::registered::Candidate;
use super::resolution::{Meanings, Resolution};
use super::selection::Selection;
use crate::base::Key;

/// How one candidate hangs on another: how strongly, and which of its declared dependencies says so.
pub(super) type Label = (Bond, usize);

/// A plan before it is proved. It borrows the candidates, and speaks of them by index.
pub(super) struct Draft<'a> {
    pub candidates: &'a [Candidate],
    pub resolution: &'a Resolution<'a>,
    pub meanings: &'a Meanings<'a>,
    pub selection: Selection,
}

/// What a plan says about a candidate besides its facts.
pub(super) struct Wiring {
    pub candidate: usize,
    needs: Vec<Need>,
    absent_wants: Vec<String>,
    dependants: Vec<usize>,
    eager: bool,
    height: u32,
}

impl Wiring {
    /// The service of the plan.
    pub(super) fn around(self, Candidate { facts, source }: Candidate) -> Planned {
        let Self { candidate: _, needs, absent_wants, dependants, eager, height } = self;
        Planned { facts, source, needs, absent_wants, dependants, eager, height }
    }
}

/// What every dependency of every candidate that is on means; nothing, for one that is off.
pub(super) fn resolve<'a>(candidates: &[Candidate], on: &[bool], resolution: &'a Resolution<'_>) -> Meanings<'a> {
    let of = |candidate: &Candidate| {
        let dependencies = candidate.facts.dependencies.iter();
        dependencies.map(|dependency| resolution.find(&dependency.key)).collect()
    };
    candidates.iter().zip(on).map(|(candidate, &on)| if on { of(candidate) } else { Vec::new() }).collect()
}

impl<'a> Draft<'a> {
    /// Each candidate that is present and not replaced: only these have dependencies that count.
    pub(super) fn real(&self) -> impl Iterator<Item = (usize, &'a Candidate)> {
        let present = self.candidates.iter().enumerate().filter(|&(at, _)| self.selection.present[at]);
        present.filter(|(_, candidate)| !candidate.facts.replaced)
    }

    /// The dependencies of one candidate, numbered, each with what it means.
    pub(super) fn dependencies(&self, at: usize) -> impl Iterator<Item = (usize, &'a Dependency, &'a [usize])> {
        let declared = self.candidates[at].facts.dependencies.iter().zip(&self.meanings[at]);
        declared.enumerate().map(|(number, (dependency, meaning))| (number, dependency, *meaning))
    }

    /// The same, of those that are present. To come after a trait object is to come after everyone who provides it.
    fn present(&self, at: usize) -> impl Iterator<Item = (usize, &'a Dependency, usize)> {
        self.dependencies(at).flat_map(move |(number, dependency, meaning)| {
            let ambiguous = meaning.len() > 1;
            let counts = !ambiguous || dependency.bond == Bond::After;
            let meant = meaning.iter().copied().filter(move |&to| counts && !(ambiguous && to == at));
            meant.filter(|&to| self.selection.present[to]).map(move |to| (number, dependency, to))
        })
    }

    /// All candidates, with the dependencies that are present.
    pub(super) fn graph(&self) -> Digraph<Label> {
        let edges = self.real().flat_map(|(from, _)| {
            self.present(from).map(move |(number, dependency, to)| (from, to, (dependency.bond, number)))
        });
        Digraph::new(self.candidates.len(), edges.collect())
    }

    /// The trait object by which a dependency names that service, if it does.
    pub(super) fn via(&self, dependency: &Dependency, to: usize) -> Option<String> {
        let by_type = matches!(dependency.key, Key::Type(_)) && dependency.key != self.candidates[to].facts.key;
        by_type.then(|| dependency.text.clone())
    }

    /// How each service of the plan is wired, given an order of all candidates.
    pub(super) fn wire(&self, graph: &Digraph<Label>, order: &[usize]) -> Vec<Wiring> {
        let heights = graph.heights(order);
        let mut dependants = graph.dependants();
        let order: Vec<usize> = order.iter().copied().filter(|&at| self.selection.present[at]).collect();
        let mut index_of = vec![usize::MAX; self.candidates.len()];
        order.iter().enumerate().for_each(|(index, &at)| index_of[at] = index);

        let wiring = |at: usize| {
            let replaced = self.candidates[at].facts.replaced;
            let mut dependants = std::mem::take(&mut dependants[at]);
            dependants.iter_mut().for_each(|above| *above = index_of[*above]);
            dependants.sort_unstable();
            Wiring {
                candidate: at,
                needs: if replaced { Vec::new() } else { self.needs(at, &index_of) },
                absent_wants: if replaced { Vec::new() } else { self.absent_wants(at) },
                dependants,
                eager: self.selection.eager[at],
                height: heights[at],
            }
        };
        order.into_iter().map(wiring).collect()
    }

    fn needs(&self, at: usize, index_of: &[usize]) -> Vec<Need> {
        let need = |(_, dependency, to): (usize, &Dependency, usize)| Need {
            index: index_of[to],
            key: dependency.key.clone(),
            text: dependency.text.clone(),
            bond: dependency.bond,
        };
        let mut needs = Vec::with_capacity(self.meanings[at].len());
        needs.extend(self.present(at).map(need));
        needs
    }

    fn absent_wants(&self, at: usize) -> Vec<String> {
        let wants = self.dependencies(at).filter(|(_, dependency, _)| dependency.bond == Bond::Wants);
        let absent = wants.filter(|(_, _, meaning)| !meaning.iter().any(|&to| self.selection.present[to]));
        absent.map(|(_, dependency, _)| dependency.text.clone()).collect()
    }
}
