//! [`ResolvedGraph`]: the registered definitions with every dependency resolved, before the plan is proved.

use super::digraph::Digraph;
use super::facts::{Bond, Dependency};
use super::plan::{Need, Planned};
use super::registered::Registered;
use super::resolution::{Resolution, Targets};
use super::selection::{Named, Selection};
use crate::base::{Key, sort_by};

/// An edge: its bond, and the number of the declared dependency that it comes from.
pub(super) type Label = (Bond, usize);

/// The registered definitions with every dependency resolved. Definitions are named by their index.
pub(super) struct ResolvedGraph<'a> {
    pub registered: &'a [Registered],
    pub resolution: &'a Resolution<'a>,
    pub targets: &'a Targets<'a>,
    pub selection: Selection,
}

/// The edges of one service of the plan.
pub(super) struct Wiring {
    pub definition: usize,
    needs: Vec<Need>,
    absent_wants: Vec<String>,
    dependants: Vec<usize>,
    is_unused: bool,
    eager: bool,
    height: u32,
}

impl Wiring {
    /// The service of the plan that has these edges.
    pub(super) fn around(self, Registered { facts, source }: Registered) -> Planned {
        let Self { definition: _, needs, absent_wants, dependants, is_unused, eager, height } = self;
        Planned { facts, source, needs, absent_wants, dependants, is_unused, eager, height }
    }
}

/// Resolves every dependency of every enabled definition; a disabled definition has none.
pub(super) fn resolve<'a>(registered: &[Registered], on: &[bool], resolution: &'a Resolution<'_>) -> Targets<'a> {
    let of = |definition: &Registered| {
        let dependencies = definition.facts.dependencies.iter();
        dependencies.map(|dependency| resolution.find(&dependency.key)).collect()
    };
    registered.iter().zip(on).map(|(definition, &on)| if on { of(definition) } else { Vec::new() }).collect()
}

impl<'a> ResolvedGraph<'a> {
    /// Each definition that is present and not replaced. Only these have dependencies.
    pub(super) fn real(&self) -> impl Iterator<Item = (usize, &'a Registered)> {
        let present = self.registered.iter().enumerate().filter(|&(at, _)| self.selection.present[at]);
        present.filter(|(_, definition)| !definition.facts.replaced)
    }

    /// The dependencies of one definition, numbered, each with its targets.
    pub(super) fn dependencies(&self, at: usize) -> impl Iterator<Item = (usize, &'a Dependency, &'a [usize])> {
        let declared = self.registered[at].facts.dependencies.iter().zip(&self.targets[at]);
        declared.enumerate().map(|(number, (dependency, target))| (number, dependency, *target))
    }

    /// The same, for targets that are present. `after = [dyn Trait]` means every provider of that trait object.
    fn present(&self, at: usize) -> impl Iterator<Item = (usize, &'a Dependency, usize)> {
        self.dependencies(at).flat_map(move |(number, dependency, target)| {
            let ambiguous = target.len() > 1;
            let counts = !ambiguous || dependency.bond == Bond::After;
            let meant = target.iter().copied().filter(move |&to| counts && !(ambiguous && to == at));
            let is_there = move |to: usize| dependency.bond == Bond::Requires || self.can_start(to);
            let present = meant.filter(move |&to| self.selection.present[to] && is_there(to));
            present.map(move |to| (number, dependency, to))
        })
    }

    /// Not if it has neither a value nor an `init`. To a service that only wants it, or comes after it, it is absent.
    fn can_start(&self, at: usize) -> bool {
        !self.registered[at].facts.lacks_value
    }

    /// The graph of all registered definitions, with the edges to targets that are present.
    pub(super) fn graph(&self) -> Digraph<Label> {
        let edges = self.real().flat_map(|(from, _)| {
            self.present(from).map(move |(number, dependency, to)| (from, to, (dependency.bond, number)))
        });
        Digraph::new(self.registered.len(), edges.collect())
    }

    /// Whether one definition requires another, which is the only one that its dependency means.
    pub(super) fn requires(&self, at: usize, on: usize) -> bool {
        let mut dependencies = self.dependencies(at);
        dependencies.any(|(_, dependency, target)| dependency.bond == Bond::Requires && target == [on])
    }

    /// For each definition, whether a boot fails without it: it is booted, and it is not optional or is required by one that
    /// is vital.
    pub(super) fn vital(&self) -> Vec<bool> {
        let is_vital = |at: usize| self.selection.eager[at] && !self.registered[at].facts.is_optional();
        let mut vital: Vec<bool> = (0..self.registered.len()).map(is_vital).collect();
        let mut open: Vec<usize> = (0..vital.len()).filter(|&at| vital[at]).collect();
        while let Some(at) = open.pop() {
            if self.registered[at].facts.replaced {
                continue;
            }
            for (_, dependency, target) in self.dependencies(at) {
                if let (Bond::Requires, &[on]) = (dependency.bond, target)
                    && !std::mem::replace(&mut vital[on], true)
                {
                    open.push(on);
                }
            }
        }
        vital
    }

    /// The trait object by which a dependency names that service, if it names one.
    pub(super) fn via(&self, dependency: &Dependency, to: usize) -> Option<String> {
        let by_type = matches!(dependency.key, Key::Type(_)) && dependency.key != self.registered[to].facts.key;
        by_type.then(|| dependency.text.to_string())
    }

    /// The edges of each service of the plan, given a topological order of all registered definitions.
    pub(super) fn wire(&self, graph: &Digraph<Label>, order: &[usize], named: &Named) -> Vec<Wiring> {
        // A boot that starts a service does not continue with a lazy one above it.
        let eager = &self.selection.eager;
        let heights = graph.heights(order, |above, below| eager[above] || !eager[below]);
        let mut dependants = graph.dependants();
        let order: Vec<usize> = order.iter().copied().filter(|&at| self.selection.present[at]).collect();
        let mut index_of = vec![usize::MAX; self.registered.len()];
        order.iter().enumerate().for_each(|(index, &at)| index_of[at] = index);

        let wiring = |at: usize| {
            let (replaced, is_value) = (self.registered[at].facts.replaced, self.registered[at].facts.is_value);
            let mut dependants = std::mem::take(&mut dependants[at]);
            dependants.iter_mut().for_each(|above| *above = index_of[*above]);
            sort_by(&mut dependants, Ord::cmp);
            Wiring {
                definition: at,
                needs: if replaced { Vec::new() } else { self.needs(at, &index_of) },
                absent_wants: if replaced { Vec::new() } else { self.absent_wants(at) },
                is_unused: is_value && dependants.is_empty() && !named.contains(at),
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
        let mut needs = Vec::with_capacity(self.targets[at].len());
        needs.extend(self.present(at).map(need));
        needs
    }

    fn absent_wants(&self, at: usize) -> Vec<String> {
        let wants = self.dependencies(at).filter(|(_, dependency, _)| dependency.bond == Bond::Wants);
        let is_there = |&to: &usize| self.selection.present[to] && self.can_start(to);
        let absent = wants.filter(|(_, _, target)| !target.iter().any(is_there));
        absent.map(|(_, dependency, _)| dependency.text.to_string()).collect()
    }
}
