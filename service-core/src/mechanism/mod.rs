//! Mechanisms: a graph, a gate, the ambient stack. They know no service.

pub(crate) mod ambient;
pub(crate) mod gate;
pub(crate) mod graph;
mod sync;
