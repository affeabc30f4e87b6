//! [`Shape`]: a family of graphs of any size.

use std::fmt;

use service_core::{Builder, Definition, Registry};

/// The number of services in one layer of [`Shape::Layered`], and the number of dependencies of each service.
const WIDTH: usize = 100;
const FAN_IN: usize = 5;

/// A family of graphs, one for each number of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each service requires the one before it: the deepest graph.
    Chain,
    /// All services require the first, and the last requires all others: the widest graph.
    Star,
    /// Layers of 100 services. Each service requires five services of the previous layer.
    Layered,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 3] = [Self::Chain, Self::Star, Self::Layered];

    /// The services that a service requires, in a graph of this many services.
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

    /// The number of dependencies in a graph of this many services.
    pub fn edges(self, services: usize) -> usize {
        (0..services).map(|service| self.requires(service, services).len()).sum()
    }

    /// A builder of an isolated registry with this many services, whose hooks do nothing.
    pub fn builder(self, services: usize) -> Builder {
        let name = |service: usize| format!("service-{service:05}");
        // In reverse, so that the services are not already sorted.
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
