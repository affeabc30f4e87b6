//! A graph as a tree for a terminal.

use std::collections::VecDeque;
use std::fmt;

use crate::plan::graph::{Edge, Graph, ServiceNode};

/// The deepest level of indentation. A deeper branch continues at the left: ten thousand levels of indentation would make
/// two hundred megabytes of text.
const DEEPEST: usize = 24;

/// Where the dependencies of a service are drawn.
#[derive(Clone, Copy, PartialEq)]
enum Drawn {
    Nowhere,
    Above,
    Below,
}

/// One line that is still to be drawn.
struct Branch<'a> {
    node: usize,
    /// The edge from the line above; `None` at the left.
    edge: Option<&'a Edge>,
    /// The indentation of the lines below this one.
    indent: String,
    depth: usize,
    last: bool,
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree(self, f)
    }
}

/// Draws one line for each edge, so the size is linear. Nothing recurses.
fn tree(graph: &Graph, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if graph.nodes().is_empty() {
        return f.write_str("no services");
    }
    let mut drawn = vec![Drawn::Nowhere; graph.nodes().len()];
    let mut left = roots(graph);
    let mut first = true;
    while let Some(root) = left.pop_front() {
        let mut open = vec![Branch { node: root, edge: None, indent: String::new(), depth: 0, last: true }];
        while let Some(branch) = open.pop() {
            let edges = graph.edges_of(branch.node);
            let at_the_left = branch.edge.is_none();
            let mark = match drawn[branch.node] {
                _ if edges.is_empty() => "",
                Drawn::Above => " (above)",
                Drawn::Below if !at_the_left => " (below)",
                Drawn::Nowhere if branch.depth == DEEPEST => {
                    drawn[branch.node] = Drawn::Below;
                    left.push_back(branch.node);
                    " (below)"
                }
                _ => {
                    drawn[branch.node] = Drawn::Above;
                    open.extend(branches(&branch, edges));
                    ""
                }
            };
            if !std::mem::take(&mut first) {
                f.write_str("\n")?;
            }
            draw(f, &branch, &graph.nodes()[branch.node], mark)?;
        }
    }
    Ok(())
}

/// The services that nothing depends on. An undeclared call does not count as a dependency here.
fn roots(graph: &Graph) -> VecDeque<usize> {
    let mut is_root = vec![true; graph.nodes().len()];
    graph.edges().iter().filter(|edge| edge.bond.is_some()).for_each(|edge| is_root[edge.to] = false);
    (0..is_root.len()).filter(|&node| is_root[node]).collect()
}

/// The lines below a branch, last first, because they are popped from the end.
fn branches<'a>(above: &Branch<'_>, edges: &'a [Edge]) -> impl Iterator<Item = Branch<'a>> {
    let indent = match above.edge {
        None => String::new(),
        Some(_) => format!("{}{}", above.indent, if above.last { "    " } else { "│   " }),
    };
    let depth = above.depth + 1;
    edges.iter().enumerate().rev().map(move |(number, edge)| Branch {
        node: edge.to,
        edge: Some(edge),
        indent: indent.clone(),
        depth,
        last: number + 1 == edges.len(),
    })
}

fn draw(f: &mut fmt::Formatter<'_>, branch: &Branch<'_>, node: &ServiceNode, mark: &str) -> fmt::Result {
    if let Some(edge) = branch.edge {
        write!(f, "{}{}", branch.indent, if branch.last { "└── " } else { "├── " })?;
        match edge.word() {
            "requires" => {}
            "undeclared" => f.write_str("undeclared: ")?,
            word => write!(f, "{word} ")?,
        }
    }
    f.write_str(&node.name.replace(char::is_control, " "))?;
    if let Some(via) = branch.edge.and_then(|edge| edge.via.as_ref()) {
        write!(f, " as {via}")?;
    }
    node.flags().try_for_each(|flag| write!(f, " ({flag})"))?;
    let status = node.status();
    if !status.is_empty() {
        write!(f, "  {status}")?;
    }
    if node.root_failure {
        f.write_str(" ← root cause")?;
    }
    f.write_str(mark)
}
