//! [`Graph`]: a snapshot of a registry's services and how they hang together, for people and for their programs.
//!
//! It is sorted by name, so that two snapshots can be compared line by line. How it is drawn is in `render`.

use std::time::Duration;

use super::facts::Bond;
use super::plan::Planned;
use crate::base::{Location, State, lasted};

/// A snapshot of services and of what each depends on; with states and times, once there are any.
///
/// Displays as a tree: what nobody depends on stands at the left, and below each service what it depends on. What
/// several depend on is drawn once, and `(above)` or `(below)` says where.
///
/// ```
/// use service_core::Registry;
///
/// let graph = Registry::builder().isolated().plan()?.graph();
/// for service in graph.services() {
///     let dependencies: Vec<_> = graph.dependencies_of(&service.name).collect();
///     println!("{} depends on {}", service.name, dependencies.join(", "));
/// }
/// # Ok::<(), service_core::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    pub(super) nodes: Vec<ServiceNode>,
    pub(super) edges: Vec<Edge>,
}

/// One service of a [`Graph`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceNode {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Its state; `None` in a plan.
    pub state: Option<State>,
    /// How long it waited for what it depends on, since the boot that wanted it began.
    pub waited: Duration,
    /// How long its own `init`, `start` and first `health` took; `None` while there is nothing to tell.
    pub own: Option<Duration>,
    /// Whether it failed by itself, and not because of another.
    pub root_failure: bool,
    /// Whether it boots on first use.
    pub lazy: bool,
    /// Whether a boot succeeds without it.
    pub optional: bool,
    /// Whether it is handed over instead of built.
    pub given: bool,
    /// Whether something else stands in for it.
    pub replaced: bool,
    /// The trait objects it can be required as.
    pub provides: Vec<&'static str>,
    /// Whether a boot brings it up.
    pub(super) eager: bool,
    /// Its index in the plan.
    pub(super) index: usize,
}

/// A dependency between two services, which are named by their index in the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    /// `None` for a call that was seen and never declared.
    pub bond: Option<Bond>,
    /// The trait object by which it was named, if it was.
    pub via: Option<String>,
}

/// What a graph shows about one service besides its facts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NodeStatus {
    pub state: Option<State>,
    pub waited: Duration,
    pub own: Option<Duration>,
    pub root_failure: bool,
}

impl Graph {
    #[cfg(test)]
    pub(super) fn with_first_called(mut self, name: &str) -> Self {
        self.nodes[0].name = name.to_owned();
        self
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = &ServiceNode> {
        self.nodes.iter()
    }

    /// The names of what a service directly requires, wants, comes after, or was seen to call without declaring it.
    pub fn dependencies_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let at = self.nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok();
        let edges = at.map_or(&[][..], |at| self.edges_of(at));
        edges.iter().map(|edge| self.nodes[edge.to].name.as_str())
    }

    pub(super) fn nodes(&self) -> &[ServiceNode] {
        &self.nodes
    }

    pub(super) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What one service depends on.
    pub(super) fn edges_of(&self, node: usize) -> &[Edge] {
        let first = self.edges.partition_point(|edge| edge.from < node);
        let count = self.edges[first..].partition_point(|edge| edge.from == node);
        &self.edges[first..first + count]
    }
}

impl ServiceNode {
    pub(super) fn new(index: usize, planned: &Planned, status: NodeStatus) -> Self {
        let Planned { facts, eager, .. } = planned;
        let NodeStatus { state, waited, own, root_failure } = status;
        Self {
            name: facts.name.clone(),
            location: facts.location,
            state,
            waited,
            own,
            root_failure,
            lazy: facts.lazy,
            optional: facts.optional,
            given: facts.given,
            replaced: facts.replaced,
            provides: facts.provides.iter().map(|(_, text)| *text).collect(),
            eager: *eager,
            index,
        }
    }

    /// Whether it is down because another one failed.
    pub(super) fn is_consequence(&self) -> bool {
        !self.root_failure && matches!(self.state, Some(State::Failed | State::Blocked))
    }

    /// Its state and time in a few words; empty in a plan.
    pub(super) fn status(&self) -> String {
        match (self.state, self.own) {
            (None, _) => String::new(),
            (Some(State::Ready), Some(own)) => format!("ready in {:?}", lasted(own)),
            (Some(State::Failed), Some(own)) => format!("failed after {:?}", lasted(own)),
            (Some(state), _) => state.to_string(),
        }
    }

    /// What sets it apart from a plain service, in words of one.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags =
            [(self.lazy, "lazy"), (self.optional, "optional"), (self.given, "given"), (self.replaced, "replaced")];
        flags.into_iter().filter_map(|(set, word)| set.then_some(word))
    }
}

impl Edge {
    /// The attribute that declares it, or `undeclared`.
    pub(super) fn word(&self) -> &'static str {
        match self.bond {
            Some(Bond::Requires) => "requires",
            Some(Bond::Wants) => "wants",
            Some(Bond::After) => "after",
            None => "undeclared",
        }
    }
}
