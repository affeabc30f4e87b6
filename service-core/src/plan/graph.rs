//! [`Graph`]: a snapshot of services and their dependencies, sorted by name so that two snapshots can be compared line by
//! line. `snapshot.rs` makes one; `render` draws it.

use std::time::Duration;

use super::facts::Bond;
use super::plan::Planned;
use crate::base::{Location, State, lasted};

/// A snapshot of services and their dependencies; of a registry, with states and times.
///
/// Displays as a tree: the services that nothing depends on stand at the left, and below each service its dependencies. A
/// service that several depend on is drawn once; the other lines refer to it by `(above)` or `(below)`.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    pub(super) nodes: Vec<ServiceNode>,
    pub(super) edges: Vec<Edge>,
}

/// One service of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceNode {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Its state; `None` in a plan.
    pub state: Option<State>,
    /// How long it waited for its dependencies, counted from the boot that requested it.
    pub waited: Duration,
    /// How long its own `init`, `start` and first `health` took; `None` before it has started.
    pub own: Option<Duration>,
    /// Whether its own hook failed, and not only a dependency.
    pub root_failure: bool,
    /// Whether it boots on first use.
    pub lazy: bool,
    /// Whether a boot succeeds without it.
    pub optional: bool,
    /// Whether its value is supplied by the program.
    pub given: bool,
    /// Whether a value replaces it.
    pub replaced: bool,
    /// The trait objects it can be required as.
    pub provides: Vec<&'static str>,
    /// Whether a boot starts it.
    pub(super) eager: bool,
    /// Its index in the plan.
    pub(super) index: usize,
}

/// A dependency between two services, which are named by their index in the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub from: usize,
    pub to: usize,
    /// `None` for a call that was observed and is not declared.
    pub bond: Option<Bond>,
    /// The trait object that names the dependency, if one does.
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

    /// The names of the direct dependencies of a service: what it requires, wants, comes after, or was observed to call
    /// without declaring it.
    pub fn dependencies_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let at = self.nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok();
        let edges = at.map_or(&[][..], |at| self.edges_of(at));
        edges.iter().map(|edge| self.nodes[edge.to].name.as_str())
    }

    pub(crate) fn nodes(&self) -> &[ServiceNode] {
        &self.nodes
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The dependencies of one service.
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

    /// Whether it is down because a dependency failed.
    #[cfg(any(feature = "render", feature = "serde"))]
    pub(super) fn is_consequence(&self) -> bool {
        !self.root_failure && matches!(self.state, Some(State::Failed | State::Blocked))
    }

    /// `root` if its own hook failed, `consequence` if only a dependency did.
    #[cfg(any(feature = "render", feature = "serde"))]
    pub(crate) fn failure_kind(&self) -> Option<&'static str> {
        match self.root_failure {
            true => Some("root"),
            false => self.is_consequence().then_some("consequence"),
        }
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

    /// The arguments that distinguish a service from a plain one, one word each.
    pub(super) const FLAGS: [&str; 4] = ["lazy", "optional", "given", "replaced"];

    /// Those of this service.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = [self.lazy, self.optional, self.given, self.replaced].into_iter().zip(Self::FLAGS);
        flags.filter_map(|(set, word)| set.then_some(word))
    }
}

impl Edge {
    /// The attribute that declares it, or `undeclared`.
    pub(crate) fn word(&self) -> &'static str {
        match self.bond {
            Some(Bond::Requires) => "requires",
            Some(Bond::Wants) => "wants",
            Some(Bond::After) => "after",
            None => "undeclared",
        }
    }
}
