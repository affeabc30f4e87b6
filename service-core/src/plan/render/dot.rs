//! A graph in Graphviz's language.

use std::fmt::Write;

use crate::plan::Plan;
use crate::plan::graph::{Graph, ServiceNode};

impl Graph {
    /// The graph in Graphviz's DOT language; `dot -Tsvg` draws it.
    pub fn to_dot(&self) -> String {
        dot(self)
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_dot`")]
    pub fn dot(&self) -> String {
        self.to_dot()
    }
}

impl Plan {
    /// The plan in Graphviz's language.
    pub fn to_dot(&self) -> String {
        self.graph().to_dot()
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_dot`")]
    pub fn dot(&self) -> String {
        self.to_dot()
    }
}

fn dot(graph: &Graph) -> String {
    let mut text = String::from("digraph services {\n  rankdir=LR\n  node [shape=box]\n");
    for node in graph.nodes() {
        let _ = writeln!(text, "  {} [label={}{}]", quoted(&node.name), quoted(&label(node)), style(node));
    }
    for edge in graph.edges() {
        let [from, to] = [edge.from, edge.to].map(|at| quoted(&graph.nodes()[at].name));
        let via = edge.via.as_ref().map(|via| format!("as {via}"));
        let attributes = match edge.word() {
            "requires" => via.map(|via| format!(" [label={}]", quoted(&via))).unwrap_or_default(),
            word => {
                let label = Vec::from_iter([word.to_owned()].into_iter().chain(via)).join(" ");
                let style = match word {
                    "wants" => "color=gray40",
                    "after" => "color=gray40, style=dotted, arrowhead=open",
                    _ => "color=firebrick, style=dashed",
                };
                format!(" [label={}, {style}]", quoted(&label))
            }
        };
        let _ = writeln!(text, "  {from} -> {to}{attributes}");
    }
    text.push('}');
    text
}

fn label(node: &ServiceNode) -> String {
    let status = Some(node.status()).filter(|status| !status.is_empty());
    let cause = node.root_failure.then(|| "root cause".to_owned());
    let flags = node.flags().map(|flag| format!("({flag})"));
    [node.name.clone()].into_iter().chain(flags).chain(status).chain(cause).collect::<Vec<_>>().join("\n")
}

fn style(node: &ServiceNode) -> &'static str {
    match node {
        _ if node.root_failure => ", style=filled, fillcolor=tomato, penwidth=3",
        _ if node.is_consequence() => ", style=filled, fillcolor=moccasin",
        _ if node.lazy => ", style=dashed",
        _ => "",
    }
}

/// Inside quotes a backslash starts an escape in a label, but not in an identifier. It is doubled in both: the label then
/// shows one, and the identifier is still unique.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            _ if letter.is_control() => quoted.push(' '),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
