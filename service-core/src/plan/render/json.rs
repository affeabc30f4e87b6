//! A graph as JSON.

use std::time::Duration;

use crate::base::json::{object, or_null, quoted};
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
    let services = graph.nodes().iter().map(service);
    let dependencies = graph.edges().iter().map(|edge| dependency(graph, edge));
    format!("{{\n  \"services\": {},\n  \"dependencies\": {}\n}}", lines(services), lines(dependencies))
}

fn service(node: &ServiceNode) -> String {
    let provides: Vec<_> = node.provides.iter().map(|text| quoted(text)).collect();
    let fields = [
        ("name", quoted(&node.name)),
        ("file", quoted(node.location.file)),
        ("line", node.location.line.to_string()),
        ("module", quoted(node.location.module)),
        ("state", or_null(node.state.map(|state| state.as_str()))),
        ("waited_us", micros(node.state.map(|_| node.waited))),
        ("own_us", micros(node.own)),
        ("failure", or_null(node.failure_kind())),
        ("lazy", node.lazy.to_string()),
        ("optional", node.optional.to_string()),
        ("given", node.given.to_string()),
        ("replaced", node.replaced.to_string()),
        ("provides", format!("[{}]", provides.join(", "))),
    ];
    object(&fields)
}

fn dependency(graph: &Graph, edge: &Edge) -> String {
    let fields = [
        ("from", quoted(&graph.nodes()[edge.from].name)),
        ("to", quoted(&graph.nodes()[edge.to].name)),
        ("bond", quoted(edge.word())),
        ("as", or_null(edge.via.as_deref())),
    ];
    object(&fields)
}

/// An array with one item a line, so that two snapshots can be compared with `diff`.
fn lines(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.map(|item| format!("\n    {item}")).collect();
    match items.is_empty() {
        true => "[]".to_owned(),
        false => format!("[{}\n  ]", items.join(",")),
    }
}

fn micros(time: Option<Duration>) -> String {
    time.map_or_else(|| "null".to_owned(), |time| time.as_micros().to_string())
}
