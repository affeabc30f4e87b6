//! How a [`Graph`](super::graph::Graph) is written: one file for each form. All four take the same snapshot.

mod dot;
mod json;
mod mermaid;
mod tree;

#[cfg(test)]
mod tests;
