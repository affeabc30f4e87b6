//! From registered definitions to a proved [`Plan`]: names, resolution, checks, order; and the graph that is drawn from it.
//! Pure and synchronous: no runtime, no clock, no instance, and no user code but the functions in `when`.

mod check;
mod cloned;
mod critical_path;
pub(crate) mod cycle_check;
pub(crate) mod descriptor;
mod digraph;
mod facts;
#[cfg(test)]
pub(crate) mod fixtures;
mod graph;
#[cfg(feature = "render")]
mod graph_diff;
mod identity;
mod naming;
mod plan;
mod prove;
mod registered;
mod render;
mod request;
mod requires;
mod resolution;
mod resolved_graph;
mod selection;
mod similar;
mod snapshot;
mod static_ref;
mod when;

pub use cloned::{Instance, NotCloned};
pub use critical_path::{CriticalPath, Step};
pub use descriptor::DescriptorRef;
pub(crate) use descriptor::{Descriptor, Provided};
pub use facts::{Bond, When};
pub(crate) use facts::{Dependency, Facts};
#[cfg(feature = "serde")]
pub(crate) use graph::Edge;
pub(crate) use graph::NodeStatus;
pub use graph::{Graph, ServiceNode};
#[cfg(feature = "render")]
pub use graph_diff::{ComparedService, GraphDiff, GraphJsonError, ServiceChange};
pub use plan::Plan;
pub(crate) use plan::Planned;
pub(crate) use prove::prove;
pub(crate) use request::{Request, Requested};
pub use requires::{Hidden, OnlyWanted, Requires, Wants};
