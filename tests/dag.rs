//! [`Dag`]: random graphs of services, the same for the same seed.

use std::time::Duration;

use fastrand::Rng;
use service_core::Definition;

use crate::ms;

/// A random acyclic graph of services. They are numbered from 0, and each requires only services with smaller numbers.
#[derive(Clone, Debug)]
pub struct Dag {
    /// For each service, the services that it requires, ascending.
    pub requires: Vec<Vec<usize>>,
    /// For each service, how long its `init` takes.
    pub takes: Vec<Duration>,
}

impl Dag {
    /// A graph of one to `most` services, of any density.
    pub fn random(seed: u64, most: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let services = 1 + rng.usize(..most);
        let sparse = 1 + rng.usize(..6);
        let mut requires = |service: usize| (0..service).filter(|_| rng.usize(..=sparse) == 0).collect();
        let requires: Vec<Vec<usize>> = (0..services).map(&mut requires).collect();
        let takes = (0..services).map(|_| ms(rng.u64(..1_000))).collect();
        Self { requires, takes }
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.requires.len()
    }

    /// Whether there are no services.
    pub fn is_empty(&self) -> bool {
        self.requires.is_empty()
    }

    /// The name of a service. Names sort differently from numbers, so that no order is right by accident.
    pub fn name(&self, service: usize) -> String {
        format!("s{}", (service * 7_919) % 10_007)
    }

    /// The definition of a service, with its name and the services that it requires.
    #[track_caller]
    pub fn definition(&self, service: usize) -> Definition<()> {
        Definition::new(self.name(service)).requires(self.requires[service].iter().map(|&on| self.name(on)))
    }

    /// How long the longest path of the graph takes.
    pub fn longest_path(&self) -> Duration {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.len());
        for (service, takes) in self.takes.iter().enumerate() {
            let begins = self.requires[service].iter().map(|&on| ends[on]).max().unwrap_or_default();
            ends.push(begins + *takes);
        }
        ends.into_iter().max().unwrap_or_default()
    }
}
