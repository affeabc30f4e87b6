//! [`CriticalPath`]: the chain of services that determines how long a boot takes.

use std::fmt;
use std::time::Duration;

use super::digraph::Digraph;
use super::graph::{Graph, ServiceNode};
use crate::base::lasted;

#[cfg(test)]
mod tests;

/// The chain of services that determined how long a boot took, first to last. To make another service faster does not
/// shorten the boot.
///
/// Displays as `Db 200ms → Cache 50ms`. Of a plan, it is the longest chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    steps: Vec<Step>,
}

/// One service of a [`CriticalPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The service's name.
    pub name: String,
    /// How long its own `init`, `start` and first `health` took; `None` before it has started.
    pub own: Option<Duration>,
}

impl Graph {
    /// The chain of services that determined how long the boot took, first to last; of a plan, the longest chain.
    pub fn critical_path(&self) -> CriticalPath {
        CriticalPath::of(self)
    }
}

impl CriticalPath {
    /// Over the services that the boot started; a later first use does not count.
    pub(super) fn of(graph: &Graph) -> Self {
        let nodes = graph.nodes();
        let timed = |node: &ServiceNode| node.own.is_some();
        let counts: &dyn Fn(&ServiceNode) -> bool = match nodes {
            _ if nodes.iter().any(|node| node.eager && timed(node)) => &|node| node.eager && timed(node),
            _ if nodes.iter().any(timed) => &timed,
            _ if nodes.iter().any(|node| node.eager) => &|node| node.eager,
            _ => &|_| true,
        };
        // The time of an undeclared call is part of the caller's own time, and such an edge could complete a cycle.
        let declared = graph.edges().iter().filter(|edge| edge.bond.is_some());
        let network = Digraph::new(nodes.len(), declared.map(|edge| (edge.from, edge.to, ())).collect());
        let path = network.longest_path(|at| counts(&nodes[at]).then(|| nodes[at].own.unwrap_or_default()));
        let steps = path.into_iter().map(|at| Step { name: nodes[at].name.clone(), own: nodes[at].own });
        Self { steps: steps.collect() }
    }

    /// The steps, first to last.
    pub fn iter(&self) -> std::slice::Iter<'_, Step> {
        self.steps.iter()
    }

    /// The times of all steps together; zero if there are none.
    pub fn total(&self) -> Duration {
        self.steps.iter().filter_map(|step| step.own).sum()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.own {
            Some(own) => write!(f, "{} {:?}", self.name, lasted(own)),
            None => f.write_str(&self.name),
        }
    }
}

impl fmt::Display for CriticalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if at == 0 { "" } else { " → " })?;
        }
        Ok(())
    }
}

impl IntoIterator for CriticalPath {
    type Item = Step;
    type IntoIter = std::vec::IntoIter<Step>;

    fn into_iter(self) -> Self::IntoIter {
        self.steps.into_iter()
    }
}

impl<'a> IntoIterator for &'a CriticalPath {
    type Item = &'a Step;
    type IntoIter = std::slice::Iter<'a, Step>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
