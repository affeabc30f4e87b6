//! [`GraphDiff`]: what has changed between two graphs, each a [`Graph`] or the JSON of one.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::graph::{Graph, ServiceNode};
use crate::base::columns::visible;
use crate::base::json_reader::JsonValue;
use crate::base::sort_by;

#[cfg(test)]
mod tests;

/// What has changed between two graphs: services, their attributes, and their declared dependencies. States, times, lines of
/// source and undeclared calls are not compared.
///
/// Displays as one line for each change, as a log of a continuous integration shows it:
///
/// ```text
/// + Cache (src/cache.rs)
/// - Legacy (src/legacy.rs)
/// ~ Api: requires Cache, wants Mail, no longer requires Legacy, no longer requires Mail
/// ~ Db: lazy, no longer optional
/// ```
///
/// ```
/// use service_core::{Definition, Registry};
///
/// let plan = |name: &str| Registry::builder().isolated().define(Definition::new(name)).only_named(name).plan();
/// let committed = plan("db")?.to_json(); // read from a file
/// let diff = plan("cache")?.graph().diff_json(&committed)?;
/// assert!(!diff.is_empty());
/// assert_eq!((&*diff.added[0].name, &*diff.removed[0].name), ("cache", "db"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphDiff {
    /// The services that only the new graph has, by name.
    pub added: Vec<ComparedService>,
    /// The services that only the old graph has, by name.
    pub removed: Vec<ComparedService>,
    /// The services of both whose attributes or dependencies differ, by name.
    pub changed: Vec<ServiceChange>,
}

/// A service that only one of two graphs has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComparedService {
    /// The service's name.
    pub name: String,
    /// The file in which it is declared.
    pub file: String,
}

/// What has changed about one service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceChange {
    /// The service's name.
    pub name: String,
    /// What the new graph says of it and the old one does not: `lazy`, `provides dyn Store`, `requires Db`,
    /// `requires Db as dyn Store`.
    pub gained: Vec<String>,
    /// What the old graph says of it and the new one does not.
    pub lost: Vec<String>,
}

/// Why a text is no graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphJsonError {
    reason: String,
}

impl fmt::Display for GraphJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not a graph as `to_json` writes it: {}", self.reason)
    }
}

impl Error for GraphJsonError {}

/// What is compared of a graph: its services, by name. It borrows, so that a large graph is compared without a copy of it.
type Outline<'a> = Vec<OutlinedService<'a>>;

struct OutlinedService<'a> {
    name: Cow<'a, str>,
    file: Cow<'a, str>,
    /// Sorted before they are compared.
    properties: Vec<Property<'a>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Property<'a> {
    Flag(&'static str),
    Provides(Cow<'a, str>),
    DependsOn { to: Cow<'a, str>, bond: Cow<'a, str>, via: Option<Cow<'a, str>> },
}

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Provides(provided) => write!(f, "provides {provided}"),
            Self::DependsOn { to, bond, via: None } => write!(f, "{bond} {to}"),
            Self::DependsOn { to, bond, via: Some(via) } => write!(f, "{bond} {to} as {via}"),
        }
    }
}

/// A call that was observed depends on the run, and is not compared.
const UNDECLARED: &str = "undeclared";

fn outline(graph: &Graph) -> Outline<'_> {
    let nodes = graph.nodes().iter().enumerate().map(|(at, node)| {
        let flags = node.flags().map(Property::Flag);
        let provides = node.provides.iter().map(|&provided| Property::Provides(provided.into()));
        let edges = graph.edges_of(at).iter().filter(|edge| edge.word() != UNDECLARED);
        let depends_on = edges.map(|edge| Property::DependsOn {
            to: graph.nodes()[edge.to].name.as_str().into(),
            bond: edge.word().into(),
            via: edge.via.as_deref().map(Into::into),
        });
        OutlinedService {
            name: node.name.as_str().into(),
            file: node.location.file.into(),
            properties: flags.chain(provides).chain(depends_on).collect(),
        }
    });
    nodes.collect()
}

fn failed(reason: impl Into<String>) -> GraphJsonError {
    GraphJsonError { reason: reason.into() }
}

/// Fields that a later version adds are ignored, and those that an earlier one lacks are absent.
fn read<'a>(json: &JsonValue<'a>) -> Result<Outline<'a>, GraphJsonError> {
    let list = |name: &str| {
        let items = json.field(name).and_then(JsonValue::as_list);
        items.ok_or_else(|| failed(format!("it has no list `{name}`")))
    };
    let mut outline = list("services")?.iter().map(read_service).collect::<Result<Outline<'_>, _>>()?;
    sort_by(&mut outline, |a, b| a.name.cmp(&b.name));
    if let Some(twice) = outline.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(failed(format!("it has two services `{}`", twice[0].name)));
    }
    for edge in list("dependencies")? {
        let [from, to, bond] = ["from", "to", "bond"].map(|name| text(edge, "dependency", name));
        let (from, to, bond) = (from?, to?, bond?);
        let find = |name: &str| outline.binary_search_by(|service| (*service.name).cmp(name));
        find(&to).map_err(|_| failed(format!("it has a dependency on `{to}`, and no such service")))?;
        let from = find(&from).map_err(|_| failed(format!("it has a dependency of `{from}`, and no such service")))?;
        if bond != UNDECLARED {
            let via = edge.field("as").and_then(JsonValue::as_text).cloned();
            outline[from].properties.push(Property::DependsOn { to, bond, via });
        }
    }
    Ok(outline)
}

fn read_service<'a>(service: &JsonValue<'a>) -> Result<OutlinedService<'a>, GraphJsonError> {
    let name = text(service, "service", "name")?;
    let file = service.field("file").and_then(JsonValue::as_text).cloned().unwrap_or_default();
    let flags = ServiceNode::FLAGS.into_iter().filter(|flag| service.field(flag) == Some(&JsonValue::Flag(true)));
    let provides = service.field("provides").and_then(JsonValue::as_list).unwrap_or_default();
    let provides = provides.iter().filter_map(JsonValue::as_text).cloned().map(Property::Provides);
    Ok(OutlinedService { name, file, properties: flags.map(Property::Flag).chain(provides).collect() })
}

fn text<'a>(item: &JsonValue<'a>, kind: &str, name: &str) -> Result<Cow<'a, str>, GraphJsonError> {
    let text = item.field(name).and_then(JsonValue::as_text).cloned();
    text.ok_or_else(|| failed(format!("a {kind} has no text `{name}`")))
}

fn parsed(json: &str) -> Result<JsonValue<'_>, GraphJsonError> {
    JsonValue::read(json).map_err(|error| failed(error.to_string()))
}

impl Graph {
    /// What has changed since an old graph.
    pub fn diff(&self, old: &Self) -> GraphDiff {
        GraphDiff::of(outline(old), outline(self))
    }

    /// What has changed since the graph that [`to_json`](Self::to_json) wrote to this text, for example one that is committed beside
    /// the source.
    ///
    /// # Errors
    /// If the text is not the JSON of a graph.
    pub fn diff_json(&self, old: &str) -> Result<GraphDiff, GraphJsonError> {
        Ok(GraphDiff::of(read(&parsed(old)?)?, outline(self)))
    }
}

impl GraphDiff {
    /// What has changed between two graphs, given as the texts that [`Graph::to_json`] wrote.
    ///
    /// # Errors
    /// If one of the texts is not the JSON of a graph.
    pub fn between(old: &str, new: &str) -> Result<Self, GraphJsonError> {
        Ok(Self::of(read(&parsed(old)?)?, read(&parsed(new)?)?))
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn of(old: Outline<'_>, new: Outline<'_>) -> Self {
        let mut diff = Self::default();
        let mut old = old.into_iter().peekable();
        for mut new in new {
            while let Some(removed) = old.next_if(|old| old.name < new.name) {
                diff.removed.push(ComparedService::from(removed));
            }
            match old.next_if(|old| old.name == new.name) {
                None => diff.added.push(ComparedService::from(new)),
                Some(mut old) => diff.changed.extend(ServiceChange::between(&mut old, &mut new)),
            }
        }
        diff.removed.extend(old.map(ComparedService::from));
        diff
    }
}

impl From<OutlinedService<'_>> for ComparedService {
    fn from(service: OutlinedService<'_>) -> Self {
        Self { name: service.name.into_owned(), file: service.file.into_owned() }
    }
}

impl ServiceChange {
    fn between(old: &mut OutlinedService<'_>, new: &mut OutlinedService<'_>) -> Option<Self> {
        if old.properties == new.properties {
            return None;
        }
        sort_by(&mut old.properties, Ord::cmp);
        sort_by(&mut new.properties, Ord::cmp);
        let only = |of: &OutlinedService<'_>, other: &OutlinedService<'_>| -> Vec<String> {
            let is_new = |property: &&Property<'_>| other.properties.binary_search(property).is_err();
            of.properties.iter().filter(is_new).map(ToString::to_string).collect()
        };
        let (gained, lost) = (only(new, old), only(old, new));
        let name = || new.name.clone().into_owned();
        (!gained.is_empty() || !lost.is_empty()).then(|| Self { name: name(), gained, lost })
    }
}

impl fmt::Display for ComparedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.name))?;
        if self.file.is_empty() { Ok(()) } else { write!(f, " ({})", visible(&self.file)) }
    }
}

impl fmt::Display for ServiceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.lost.iter().map(|lost| format!("no longer {lost}"));
        let changes: Vec<_> = self.gained.iter().cloned().chain(lost).map(|change| visible(&change)).collect();
        write!(f, "{}: {}", visible(&self.name), changes.join(", "))
    }
}

/// Displays as `no changes` if it is empty.
impl fmt::Display for GraphDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, removed, changed } = self;
        let added = added.iter().map(|it| format!("+ {it}"));
        let removed = removed.iter().map(|it| format!("- {it}"));
        let changed = changed.iter().map(|it| format!("~ {it}"));
        let lines: Vec<_> = added.chain(removed).chain(changed).collect();
        if lines.is_empty() { f.write_str("no changes") } else { f.write_str(&lines.join("\n")) }
    }
}
