//! A graph as JSON, written by hand: it is all the JSON there is in this crate.

use std::fmt::Write;
use std::time::Duration;

use crate::decision::graph::{Edge, Graph, ServiceNode};

pub(in crate::decision) fn json(graph: &Graph) -> String {
    let services = graph.nodes().iter().map(service);
    let dependencies = graph.edges().iter().map(|edge| dependency(graph, edge));
    format!("{{\n  \"services\": {},\n  \"dependencies\": {}\n}}", lines(services), lines(dependencies))
}

fn service(node: &ServiceNode) -> String {
    let provides: Vec<_> = node.provides.iter().map(|text| quoted(text)).collect();
    let failure = match node.root_failure {
        true => Some("root"),
        false => node.is_consequence().then_some("consequence"),
    };
    let fields = [
        ("name", quoted(&node.name)),
        ("file", quoted(node.place.file)),
        ("line", node.place.line.to_string()),
        ("module", quoted(node.place.module)),
        ("state", or_null(node.state.map(|state| state.as_str()))),
        ("waited_us", micros(node.state.map(|_| node.waited))),
        ("own_us", micros(node.own)),
        ("failure", or_null(failure)),
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

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// An array with one item a line, so that two snapshots can be compared with `diff`.
fn lines(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.map(|item| format!("\n    {item}")).collect();
    match items.is_empty() {
        true => "[]".to_owned(),
        false => format!("[{}\n  ]", items.join(",")),
    }
}

fn or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

fn micros(time: Option<Duration>) -> String {
    time.map_or_else(|| "null".to_owned(), |time| time.as_micros().to_string())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
