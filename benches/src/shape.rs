//! [`Shape`]: the graphs that are booted, of any size.

use std::fmt;

use service_core::{Builder, Definition, Registry};

/// How many services stand in one layer of [`Shape::Layered`], and how many of the layer below each requires.
const WIDTH: usize = 100;
const FAN_IN: usize = 5;

/// A family of graphs, one for each number of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each requires the one before it: the deepest there is.
    Chain,
    /// All require the first, and the last requires all the others: the widest there is.
    Star,
    /// Layers of 100, each service requiring five of the layer below.
    Layered,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chain, Self::Star, Self::Layered];

    /// Which services this one requires, of so many.
    pub fn requires(self, service: usize, services: usize) -> Vec<usize> {
        match self {
            Self::Chain => service.checked_sub(1).into_iter().collect(),
            Self::Star if service == 0 => Vec::new(),
            Self::Star if service + 1 == services => (1..service).collect(),
            Self::Star => vec![0],
            Self::Layered if service < WIDTH => Vec::new(),
            Self::Layered => {
                let (layer, column) = (service / WIDTH, service % WIDTH);
                (0..FAN_IN).map(|k| (layer - 1) * WIDTH + (column * 7 + k * 19) % WIDTH).collect()
            }
        }
    }

    /// How many dependencies there are among so many services.
    pub fn edges(self, services: usize) -> usize {
        (0..services).map(|service| self.requires(service, services).len()).sum()
    }

    /// A builder of an isolated registry with so many services, whose hooks do nothing.
    pub fn builder(self, services: usize) -> Builder {
        let name = |service: usize| format!("service-{service:05}");
        // Last first, so that no lucky order of definition helps the plan.
        (0..services).rev().fold(Registry::builder().isolated(), |builder, service| {
            let requires = self.requires(service, services).into_iter().map(name);
            builder.define(Definition::new(name(service)).requires(requires))
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Chain => "chain",
            Self::Star => "star",
            Self::Layered => "layered",
        })
    }
}
