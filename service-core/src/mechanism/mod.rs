//! Mechanisms: a graph, a gate, the ambient stack, chance. They know no service.

pub(crate) mod ambient;
pub(crate) mod chance;
pub(crate) mod gate;
pub(crate) mod graph;
mod sync;

/// Safe access to the parts of a pinned future.
pub(crate) use pin_project_lite::pin_project;
