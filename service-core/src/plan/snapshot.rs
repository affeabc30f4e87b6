//! A [`Graph`] of a plan, or of a registry at one moment.

use std::fmt;

use super::critical_path::CriticalPath;
use super::graph::{Edge, Graph, NodeStatus, ServiceNode};
use super::plan::Plan;
use crate::base::{Key, sort_by};
use crate::report::BootError;

impl Graph {
    /// `status` and `undeclared` name services by their index in the plan; `undeclared` holds callers and callees.
    pub(crate) fn of(plan: &Plan, status: &dyn Fn(usize) -> NodeStatus, undeclared: &[(usize, usize)]) -> Self {
        let services = plan.services().iter().enumerate();
        let mut nodes: Vec<_> =
            services.map(|(index, planned)| ServiceNode::new(index, planned, status(index))).collect();
        sort_by(&mut nodes, |a, b| a.name.cmp(&b.name));
        let mut rank = vec![0; nodes.len()];
        nodes.iter().enumerate().for_each(|(at, node)| rank[node.index] = at);

        let mut edges = Vec::new();
        for (from, planned) in plan.services().iter().enumerate() {
            edges.extend(planned.needs.iter().map(|need| {
                let provider = &plan.services()[need.index].facts;
                let by_trait_object = matches!(need.key, Key::Type(_)) && need.key != provider.key;
                let via = by_trait_object.then(|| need.text.to_string());
                Edge { from: rank[from], to: rank[need.index], bond: Some(need.bond), via }
            }));
        }
        let called =
            undeclared.iter().map(|&(from, to)| Edge { from: rank[from], to: rank[to], bond: None, via: None });
        edges.extend(called);
        // Of several edges between two services, the strongest declared one stays.
        let rank = |edge: &Edge| (edge.from, edge.to, edge.bond.is_none(), edge.bond);
        sort_by(&mut edges, |a, b| rank(a).cmp(&rank(b)));
        edges.dedup_by_key(|edge| (edge.from, edge.to));
        Self { nodes, edges }
    }
}

impl BootError {
    /// The graph at the moment at which the boot failed; `None` if no boot had begun. Every form of it marks the services whose own
    /// hook failed, and apart from these, those that were not started because of them.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let db = Definition::new("db").init(async |_| Err::<(), _>("no disk".into()));
    /// let api = Definition::new("api").requires(["db"]);
    /// let error = Registry::builder().isolated().define(db).define(api).boot().await.expect_err("db fails");
    /// let graph = error.graph().expect("the boot had begun");
    /// let roots: Vec<_> = graph.services().filter(|service| service.root_failure).map(|service| &*service.name).collect();
    /// assert_eq!(roots, ["db"]);
    /// # }
    /// ```
    pub fn graph(&self) -> Option<&Graph> {
        self.snapshot()?.graph.downcast_ref()
    }
}

impl Plan {
    /// The graph of the plan, without states and times.
    pub fn graph(&self) -> Graph {
        Graph::of(self, &|_| NodeStatus::default(), &[])
    }

    /// The longest chain of services. A boot takes at least as long as they take one after the other.
    pub fn critical_path(&self) -> CriticalPath {
        self.graph().critical_path()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.graph(), f)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
