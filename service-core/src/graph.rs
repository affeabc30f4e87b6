//! The dependency graph of a plan or a registry, and its critical path.
//!
//! [`Plan::graph`](crate::Plan::graph) and [`Registry::graph`](crate::Registry::graph) return a [`Graph`].

#[cfg(feature = "render")]
pub use crate::plan::{ComparedService, GraphDiff, GraphJsonError, ServiceChange};
pub use crate::plan::{CriticalPath, Graph, ServiceNode, Step};
