//! [`Dag`]: random graphs of services, the same for the same seed. [`Dice`]: where they come from.

use std::time::Duration;

use service_core::Definition;

use crate::ms;

/// Numbers that look random and are the same every time (xorshift).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }
}

/// A random graph: services numbered from 0, each after all that it requires, and how long each takes to come up.
#[derive(Clone, Debug)]
pub struct Dag {
    /// For each service, what it requires, ascending.
    pub requires: Vec<Vec<usize>>,
    /// For each service, how long its `init` takes.
    pub takes: Vec<Duration>,
}

impl Dag {
    /// A graph of up to this many services, of any density.
    pub fn random(seed: u64, most: usize) -> Self {
        let mut dice = Dice::new(seed);
        let services = 1 + dice.roll(most);
        let sparse = 1 + dice.roll(6);
        let mut requires = |service: usize| (0..service).filter(|_| dice.roll(sparse + 1) == 0).collect();
        let requires: Vec<Vec<usize>> = (0..services).map(&mut requires).collect();
        let takes = (0..services).map(|_| ms(dice.roll(1_000) as u64)).collect();
        Self { requires, takes }
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.requires.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.requires.is_empty()
    }

    /// The name of a service. Names do not sort like numbers, so that no order is right by accident.
    pub fn name(&self, service: usize) -> String {
        format!("s{}", (service * 7_919) % 10_007)
    }

    /// The definition of a service: what it is called and requires.
    #[track_caller]
    pub fn definition(&self, service: usize) -> Definition<()> {
        Definition::new(self.name(service)).requires(self.requires[service].iter().map(|&on| self.name(on)))
    }

    /// How long the longest path takes.
    pub fn longest_path(&self) -> Duration {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.len());
        for (service, takes) in self.takes.iter().enumerate() {
            let begins = self.requires[service].iter().map(|&on| ends[on]).max().unwrap_or_default();
            ends.push(begins + *takes);
        }
        ends.into_iter().max().unwrap_or_default()
    }
}
