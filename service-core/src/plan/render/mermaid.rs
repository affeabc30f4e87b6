//! A graph as a Mermaid flowchart.

use std::fmt::Write;

use crate::plan::Plan;
use crate::plan::graph::{Edge, Graph, ServiceNode};

impl Graph {
    /// The graph as a Mermaid flowchart, which GitHub and many wikis draw.
    pub fn to_mermaid(&self) -> String {
        mermaid(self)
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_mermaid`")]
    pub fn mermaid(&self) -> String {
        self.to_mermaid()
    }
}

impl Plan {
    /// The plan as a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        self.graph().to_mermaid()
    }

    #[doc(hidden)]
    #[deprecated(note = "renamed to `to_mermaid`")]
    pub fn mermaid(&self) -> String {
        self.to_mermaid()
    }
}

/// Nodes are numbered, because a name such as `end` is a keyword.
fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR");
    for (at, node) in graph.nodes().iter().enumerate() {
        let _ = write!(text, "\n  s{at}[\"{}\"]", label(node));
    }
    for edge in graph.edges() {
        let _ = write!(text, "\n  s{} {} s{}", edge.from, arrow(edge), edge.to);
    }
    class(&mut text, graph, "root", "fill:#ff6347,stroke:#8b0000,stroke-width:3px", |node| node.root_failure);
    class(&mut text, graph, "consequence", "fill:#ffe4b5,stroke:#cc7a00", ServiceNode::is_consequence);
    class(&mut text, graph, "lazy", "stroke-dasharray:5 5", |node| {
        node.lazy && !node.root_failure && !node.is_consequence()
    });
    text
}

fn class(text: &mut String, graph: &Graph, name: &str, style: &str, member: impl Fn(&ServiceNode) -> bool) {
    let members = graph.nodes().iter().enumerate().filter(|(_, node)| member(node));
    let members: Vec<_> = members.map(|(at, _)| format!("s{at}")).collect();
    if !members.is_empty() {
        let _ = write!(text, "\n  classDef {name} {style}\n  class {} {name}", members.join(","));
    }
}

fn label(node: &ServiceNode) -> String {
    let mut label = escaped(&node.name);
    node.flags().for_each(|flag| label.extend(["<br>(", flag, ")"]));
    let status = node.status();
    if !status.is_empty() {
        label.extend(["<br>", &status]);
    }
    if node.root_failure {
        label.push_str("<br>root cause");
    }
    label
}

fn arrow(edge: &Edge) -> String {
    let via = edge.via.as_ref().map(|via| format!("as {}", escaped(via)));
    match edge.word() {
        "requires" => via.map_or("-->".to_owned(), |via| format!("-->|\"{via}\"|")),
        word => {
            let label = Vec::from_iter([word.to_owned()].into_iter().chain(via)).join(" ");
            format!("-.->|\"{label}\"|")
        }
    }
}

/// Writes each character that has a meaning in Mermaid or in HTML as its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '|' => {
                let _ = write!(escaped, "#{};", u32::from(letter));
            }
            _ if letter.is_control() => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}
