//! [`Shape`]: the kinds of graphs that are simulated.

use crate::Dice;

/// A kind of graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each depends on the one before it.
    Chain,
    /// All depend on the first.
    Star,
    /// The last depends on all others.
    Fan,
    /// In layers; each depends on some of the layer below.
    Layered,
    /// One, then many that depend on it, then one that depends on them; and so on.
    Diamond,
    /// Any graph.
    Random,
    /// No edge at all.
    Loose,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Chain, Self::Star, Self::Fan, Self::Layered, Self::Diamond, Self::Random, Self::Loose];

    /// For each of so many services, those that it depends on, ascending: each is smaller than itself.
    pub fn edges(self, services: usize, dice: &mut Dice) -> Vec<Vec<usize>> {
        match self {
            Self::Loose => vec![Vec::new(); services],
            Self::Chain => (0..services).map(|at| at.checked_sub(1).into_iter().collect()).collect(),
            Self::Star => (0..services).map(|at| if at == 0 { Vec::new() } else { vec![0] }).collect(),
            Self::Fan => {
                (0..services).map(|at| if at + 1 == services { (0..at).collect() } else { Vec::new() }).collect()
            }
            Self::Layered => {
                let width = 1 + dice.below(8);
                let mut below = |at: usize| {
                    let layer = at / width * width;
                    let candidates = layer.saturating_sub(width)..layer;
                    candidates.filter(|_| dice.chance(60)).collect()
                };
                (0..services).map(&mut below).collect()
            }
            Self::Diamond => {
                let width = 2 + dice.below(6);
                // The waists are 0, width + 1, 2 × (width + 1) …; between two of them stand `width` services.
                let below = |at: usize| match at % (width + 1) {
                    0 if at == 0 => Vec::new(),
                    0 => (at - width..at).collect(),
                    inside => vec![at - inside],
                };
                (0..services).map(below).collect()
            }
            Self::Random => {
                let percent = dice.pick(&[5, 15, 30, 60]);
                // A service of a large graph has few dependencies, as in life.
                let window = 12;
                let mut below = |at: usize| (at.saturating_sub(window)..at).filter(|_| dice.chance(percent)).collect();
                (0..services).map(&mut below).collect()
            }
        }
    }
}
