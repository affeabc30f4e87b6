//! [`Digraph`]: order, cycles and longest paths over numbered nodes. It knows no service, and is the only file that
//! names petgraph. Nothing here recurses, so a chain of any length fits on any stack.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use petgraph::Direction::{self, Incoming, Outgoing};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;

use crate::base::sort_by;

#[cfg(test)]
mod tests;

/// How many cycles of one component are found at most: a dense one has very many.
const MAX_CYCLES_OF_A_COMPONENT: usize = 8;

/// A graph over `0..n`. Its edges lead from a dependant to its dependency and carry a label.
pub(crate) struct Digraph<L> {
    inner: DiGraph<(), L>,
}

impl<L: Copy + Ord> Digraph<L> {
    /// Of several edges between two nodes, the one with the smallest label is kept.
    pub(crate) fn new(nodes: usize, mut edges: Vec<(usize, usize, L)>) -> Self {
        sort_by(&mut edges, Ord::cmp);
        edges.dedup_by_key(|&mut (from, to, _)| (from, to));
        let mut inner = DiGraph::with_capacity(nodes, edges.len());
        for _ in 0..nodes {
            inner.add_node(());
        }
        // petgraph lists the newest edge of a node first: added backwards, neighbours come in ascending order.
        for (from, to, label) in edges.into_iter().rev() {
            inner.add_edge(NodeIndex::new(from), NodeIndex::new(to), label);
        }
        Self { inner }
    }

    fn len(&self) -> usize {
        self.inner.node_count()
    }

    fn neighbours(&self, node: usize, direction: Direction) -> impl Iterator<Item = usize> {
        self.inner.neighbors_directed(NodeIndex::new(node), direction).map(NodeIndex::index)
    }

    /// A topological order, dependencies first and the smallest node first among equals; `None` if there is a cycle.
    pub(crate) fn order(&self) -> Option<Vec<usize>> {
        let mut awaited: Vec<usize> = (0..self.len()).map(|node| self.neighbours(node, Outgoing).count()).collect();
        let mut free: BinaryHeap<_> = (0..self.len()).filter(|&node| awaited[node] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(node)) = free.pop() {
            order.push(node);
            for dependant in self.neighbours(node, Incoming) {
                awaited[dependant] -= 1;
                if awaited[dependant] == 0 {
                    free.push(Reverse(dependant));
                }
            }
        }
        (order.len() == self.len()).then_some(order)
    }

    /// Cycles that share no edge, at least one for each strongly connected component, and one for each node that depends on
    /// itself. Cycles that share a node are all found, up to a limit, so that each of them can be removed at once.
    ///
    /// A cycle is a list of nodes with the label of the edge to the next, so every node in it is part of the cycle.
    pub(crate) fn cycles(&self) -> Vec<Vec<(usize, L)>> {
        let mut cycles: Vec<_> =
            (0..self.len()).filter_map(|node| self.label(node, node).map(|label| vec![(node, label)])).collect();
        let ends = |edge| self.inner.edge_endpoints(edge).map(|(from, to)| (from.index(), to.index()));
        let edges = self.inner.edge_indices().filter_map(|edge| Some((ends(edge)?, self.inner.edge_weight(edge)?)));
        let edges = edges.filter(|((from, to), _)| from != to).map(|((from, to), &label)| (from, to, label));
        let mut edges: Vec<_> = edges.collect();
        for _ in 0..MAX_CYCLES_OF_A_COMPONENT {
            let found = Self::new(self.len(), edges.clone()).cycle_of_each_component();
            if found.is_empty() {
                break;
            }
            // They share no node, so each node has at most one next.
            let mut next_of = vec![None; self.len()];
            for cycle in &found {
                let nexts = cycle.iter().cycle().skip(1);
                cycle.iter().zip(nexts).for_each(|(&(node, _), &(next, _))| next_of[node] = Some(next));
            }
            edges.retain(|&(from, to, _)| next_of[from] != Some(to));
            cycles.extend(found);
        }
        sort_by(&mut cycles, Ord::cmp);
        cycles
    }

    /// One cycle for each strongly connected component. It begins at the smallest node of its component and is a shortest one
    /// through that node.
    fn cycle_of_each_component(&self) -> Vec<Vec<(usize, L)>> {
        let mut component_of = vec![0; self.len()];
        let mut smallest = Vec::new();
        for (number, component) in kosaraju_scc(&self.inner).into_iter().enumerate() {
            for node in &component {
                component_of[node.index()] = number;
            }
            if component.len() > 1 {
                smallest.extend(component.into_iter().map(NodeIndex::index).min());
            }
        }
        // Components share no node, so one list of parents serves them all.
        let mut parents = vec![None; self.len()];
        smallest.into_iter().map(|node| self.shortest_cycle(node, &component_of, &mut parents)).collect()
    }

    fn shortest_cycle(&self, start: usize, component_of: &[usize], parents: &mut [Option<usize>]) -> Vec<(usize, L)> {
        let mut queue = VecDeque::from([start]);
        let mut last = start;
        'search: while let Some(node) = queue.pop_front() {
            for next in self.neighbours(node, Outgoing).filter(|&next| next != node) {
                if next == start {
                    last = node;
                    break 'search;
                }
                // An edge out of the component never leads back, and following it would make this quadratic.
                if component_of[next] == component_of[start] && parents[next].is_none() {
                    parents[next] = Some(node);
                    queue.push_back(next);
                }
            }
        }
        let mut nodes = vec![last];
        while let Some(parent) = nodes.last().and_then(|&node| parents[node]) {
            nodes.push(parent);
        }
        nodes.reverse();
        let nexts = nodes.iter().copied().cycle().skip(1);
        nodes.iter().zip(nexts).filter_map(|(&node, next)| Some((node, self.label(node, next)?))).collect()
    }

    fn label(&self, from: usize, to: usize) -> Option<L> {
        let edge = self.inner.find_edge(NodeIndex::new(from), NodeIndex::new(to))?;
        self.inner.edge_weight(edge).copied()
    }

    /// For each node, its dependants, ascending.
    pub(crate) fn dependants(&self) -> Vec<Vec<usize>> {
        (0..self.len()).map(|node| self.neighbours(node, Incoming).collect()).collect()
    }

    /// Whether each node is a seed or a dependency of one, direct or indirect.
    pub(crate) fn reached_from(&self, seeds: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        let mut search = Dfs::empty(&self.inner);
        for seed in seeds {
            search.move_to(NodeIndex::new(seed));
            while let Some(node) = search.next(&self.inner) {
                reached[node.index()] = true;
            }
        }
        reached
    }

    /// For each node, the number of edges on the longest path that leads to it, given an [`order`](Self::order). Only edges
    /// for which `counts(from, to)` holds are on a path.
    pub(crate) fn heights(&self, order: &[usize], counts: impl Fn(usize, usize) -> bool) -> Vec<u32> {
        let mut heights = vec![0; self.len()];
        for &node in order.iter().rev() {
            let above = self.neighbours(node, Incoming).filter(|&above| counts(above, node));
            heights[node] = above.map(|above| heights[above] + 1).max().unwrap_or(0);
        }
        heights
    }

    /// The path with the greatest total cost, and of those the one with most nodes, dependencies first. A node without
    /// a cost is on no path; a graph with a cycle has none.
    pub(crate) fn longest_path(&self, cost: impl Fn(usize) -> Option<Duration>) -> Vec<usize> {
        // For each node, the best path that ends there: its cost, its length, and the node before this one.
        let mut best: Vec<Option<(Duration, usize, Option<usize>)>> = vec![None; self.len()];
        let mut end: Option<usize> = None;
        let worth = |best: &[Option<_>], node: usize| best[node].map(|(cost, length, _)| (cost, length));
        for node in self.order().unwrap_or_default() {
            let Some(own) = cost(node) else { continue };
            let mut before: Option<usize> = None;
            for dependency in self.neighbours(node, Outgoing) {
                if worth(&best, dependency) > before.and_then(|before| worth(&best, before)) {
                    before = Some(dependency);
                }
            }
            let (total, length) = before.and_then(|before| worth(&best, before)).unwrap_or_default();
            best[node] = Some((total + own, length + 1, before));
            if worth(&best, node) > end.and_then(|end| worth(&best, end)) {
                end = Some(node);
            }
        }
        let mut path = Vec::from_iter(end);
        while let Some((_, _, Some(before))) = path.last().and_then(|&node: &usize| best[node]) {
            path.push(before);
        }
        path.reverse();
        path
    }
}
