//! [`Graph`]: a snapshot of a registry's services and how they hang together, for people and for their programs.
//!
//! It is sorted by name, so that two snapshots can be compared line by line. How it is drawn is in `render`.

use std::fmt;
use std::time::Duration;

use super::critical_path::CriticalPath;
use super::facts::Bond;
use super::plan::{Plan, Planned};
use super::render;
use crate::base::{Key, Location, State, lasted};

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
    nodes: Vec<ServiceNode>,
    edges: Vec<Edge>,
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

    /// `status` and `undeclared` speak of services by their index in the plan; `undeclared` holds who called whom.
    pub(crate) fn of(plan: &Plan, status: impl Fn(usize) -> NodeStatus, undeclared: &[(usize, usize)]) -> Self {
        let services = plan.services().iter().enumerate();
        let mut nodes: Vec<_> =
            services.map(|(index, planned)| ServiceNode::new(index, planned, status(index))).collect();
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let mut rank = vec![0; nodes.len()];
        nodes.iter().enumerate().for_each(|(at, node)| rank[node.index] = at);

        let mut edges = Vec::new();
        for (from, planned) in plan.services().iter().enumerate() {
            edges.extend(planned.needs.iter().map(|need| {
                let provider = &plan.services()[need.index].facts;
                let by_trait_object = matches!(need.key, Key::Type(_)) && need.key != provider.key;
                let via = by_trait_object.then(|| need.text.clone());
                Edge { from: rank[from], to: rank[need.index], bond: Some(need.bond), via }
            }));
        }
        let called =
            undeclared.iter().map(|&(from, to)| Edge { from: rank[from], to: rank[to], bond: None, via: None });
        edges.extend(called);
        // The strongest bond between two services says it all; a call says nothing where there is one.
        edges.sort_by_key(|edge| (edge.from, edge.to, edge.bond.is_none(), edge.bond));
        edges.dedup_by_key(|edge| (edge.from, edge.to));
        Self { nodes, edges }
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

    /// In Graphviz's language: `dot -Tsvg` draws it.
    pub fn to_dot(&self) -> String {
        render::dot(self)
    }

    /// As a Mermaid flowchart, which GitHub and many wikis draw.
    pub fn to_mermaid(&self) -> String {
        render::mermaid(self)
    }

    /// As JSON: `{"services": […], "dependencies": […]}`, both sorted by name, times in whole microseconds.
    ///
    /// A service has `name`, `file`, `line`, `module`, `state` (or `null`), `waited_us`, `own_us` (or `null`),
    /// `failure` (`"root"`, `"consequence"` or `null`), `lazy`, `optional`, `given`, `replaced` and `provides`. A
    /// dependency has `from`, `to`, `bond` (`"requires"`, `"wants"`, `"after"` or `"undeclared"`) and `as` (the trait
    /// object it was named by, or `null`).
    pub fn to_json(&self) -> String {
        render::json(self)
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_dot`")]
    pub fn dot(&self) -> String {
        self.to_dot()
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_mermaid`")]
    pub fn mermaid(&self) -> String {
        self.to_mermaid()
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_json`")]
    pub fn json(&self) -> String {
        self.to_json()
    }

    /// The chain of services that the boot had to wait for, first to last; the longest chain, before there are times.
    pub fn critical_path(&self) -> CriticalPath {
        CriticalPath::of(self)
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
    fn new(index: usize, planned: &Planned, status: NodeStatus) -> Self {
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

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::tree(self, f)
    }
}
