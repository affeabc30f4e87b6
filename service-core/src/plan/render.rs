//! How a [`Graph`](super::graph::Graph) is written: one file for each form. All four take the same snapshot.

#[cfg(feature = "render")]
mod dot;
#[cfg(feature = "render")]
mod json;
#[cfg(feature = "render")]
mod mermaid;
mod tree;

#[cfg(all(test, feature = "render"))]
mod tests;
