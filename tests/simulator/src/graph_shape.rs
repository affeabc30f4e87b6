//! [`GraphShape`]: the families of dependency graphs that the generator draws from.

use fastrand::Rng;

/// A family of dependency graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphShape {
    /// Each service depends on the one before it.
    Chain,
    /// Every service depends on the first.
    Star,
    /// The last service depends on all others.
    FanIn,
    /// Layers: each service depends on some of the layer below.
    Layered,
    /// One service, several that depend on it, one that depends on all of these, and so on.
    Diamond,
    /// Random edges.
    Random,
    /// No edges.
    Edgeless,
}

impl GraphShape {
    /// All shapes.
    pub const ALL: [Self; 7] =
        [Self::Chain, Self::Star, Self::FanIn, Self::Layered, Self::Diamond, Self::Random, Self::Edgeless];

    /// A random shape.
    pub fn random(rng: &mut Rng) -> Self {
        Self::ALL[rng.usize(..Self::ALL.len())]
    }

    /// For each of this many services, the services that it depends on, ascending. Each has a smaller index.
    pub fn edges(self, services: usize, rng: &mut Rng) -> Vec<Vec<usize>> {
        match self {
            Self::Edgeless => vec![Vec::new(); services],
            Self::Chain => (0..services).map(|at| at.checked_sub(1).into_iter().collect()).collect(),
            Self::Star => (0..services).map(|at| if at == 0 { Vec::new() } else { vec![0] }).collect(),
            Self::FanIn => {
                (0..services).map(|at| if at + 1 == services { (0..at).collect() } else { Vec::new() }).collect()
            }
            Self::Layered => {
                let width = rng.usize(1..=8);
                let mut below = |at: usize| {
                    let layer = at / width * width;
                    let candidates = layer.saturating_sub(width)..layer;
                    candidates.filter(|_| rng.u8(..100) < 60).collect()
                };
                (0..services).map(&mut below).collect()
            }
            Self::Diamond => {
                let width = rng.usize(2..=7);
                // The waists are 0, width + 1, 2 × (width + 1) …; `width` services are between two waists.
                let below = |at: usize| match at % (width + 1) {
                    0 if at == 0 => Vec::new(),
                    0 => (at - width..at).collect(),
                    inside => vec![at - inside],
                };
                (0..services).map(below).collect()
            }
            Self::Random => {
                let percent = [5, 15, 30, 60][rng.usize(..4)];
                // Few dependencies for each service even in a large graph, as in real programs.
                let window = 12;
                let mut below =
                    |at: usize| (at.saturating_sub(window)..at).filter(|_| rng.u8(..100) < percent).collect();
                (0..services).map(&mut below).collect()
            }
        }
    }
}
