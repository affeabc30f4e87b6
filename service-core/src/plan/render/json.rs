//! A graph as JSON.

use std::time::Duration;

use crate::base::json::{Field, write_object};
use crate::plan::Plan;
use crate::plan::graph::{Edge, Graph, ServiceNode};

impl Graph {
    /// The graph as JSON: `{"services": […], "dependencies": […]}`, both sorted by name, times in whole microseconds.
    ///
    /// A service has `name`, `file`, `line`, `module`, `state` (or `null`), `waited_us`, `own_us` (or `null`),
    /// `failure` (`"root"`, `"consequence"` or `null`), `lazy`, `optional`, `given`, `replaced` and `provides`. A
    /// dependency has `from`, `to`, `bond` (`"requires"`, `"wants"`, `"after"` or `"undeclared"`) and `as` (the trait
    /// object it was named by, or `null`).
    pub fn to_json(&self) -> String {
        json(self)
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_json`")]
    pub fn json(&self) -> String {
        self.to_json()
    }
}

impl Plan {
    /// The plan as JSON; [`Graph::to_json`] documents the format.
    pub fn to_json(&self) -> String {
        self.graph().to_json()
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_json`")]
    pub fn json(&self) -> String {
        self.to_json()
    }
}

fn json(graph: &Graph) -> String {
    let mut json = String::with_capacity(256 * (graph.nodes().len() + 1) + 128 * graph.edges().len());
    json.push_str("{\n  \"services\": ");
    list(&mut json, graph.nodes(), service);
    json.push_str(",\n  \"dependencies\": ");
    list(&mut json, graph.edges(), |json, edge| dependency(json, graph, edge));
    json.push_str("\n}");
    json
}

/// An array with one item a line, so that two snapshots can be compared with `diff`.
fn list<T>(json: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    json.push('[');
    for (at, item) in items.iter().enumerate() {
        json.push_str(if at == 0 { "\n    " } else { ",\n    " });
        write(json, item);
    }
    json.push_str(if items.is_empty() { "]" } else { "\n  ]" });
}

fn service(json: &mut String, node: &ServiceNode) {
    let fields = [
        ("name", Field::Text(&node.name)),
        ("file", Field::Text(node.location.file)),
        ("line", Field::Count(node.location.line.into())),
        ("module", Field::Text(node.location.module)),
        ("state", node.state.map(|state| state.as_str()).into()),
        ("waited_us", micros(node.state.map(|_| node.waited))),
        ("own_us", micros(node.own)),
        ("failure", node.failure_kind().into()),
        ("lazy", Field::Flag(node.lazy)),
        ("optional", Field::Flag(node.optional)),
        ("given", Field::Flag(node.given)),
        ("replaced", Field::Flag(node.replaced)),
        ("provides", Field::Texts(&node.provides)),
    ];
    write_object(json, &fields);
}

fn dependency(json: &mut String, graph: &Graph, edge: &Edge) {
    let fields = [
        ("from", Field::Text(&graph.nodes()[edge.from].name)),
        ("to", Field::Text(&graph.nodes()[edge.to].name)),
        ("bond", Field::Text(edge.word())),
        ("as", edge.via.as_deref().into()),
    ];
    write_object(json, &fields);
}

fn micros(time: Option<Duration>) -> Field<'static> {
    time.map_or(Field::Null, |time| Field::Count(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
}
