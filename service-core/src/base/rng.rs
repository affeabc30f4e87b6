//! [`Rng`]: random numbers for jitter. Not for secrets.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64, after Steele, Lea and Flood.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The same seed gives the same numbers; without a seed they differ in each process.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(|| RandomState::new().hash_one(0)))
    }

    /// From 0 up to but not including 1.
    pub(crate) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        (word >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_over_the_whole_and_the_seed_decides_which() {
        let draw = |seed| {
            let mut rng = Rng::new(seed);
            [(); 100].map(|()| rng.draw())
        };
        let one = draw(Some(1));
        assert!(one.iter().all(|drawn| (0.0..1.0).contains(drawn)), "{one:?}");
        assert!(one.iter().any(|drawn| *drawn < 0.1) && one.iter().any(|drawn| *drawn > 0.9), "{one:?}");
        assert_eq!(one, draw(Some(1)));
        assert_ne!(one, draw(Some(2)));
        assert_ne!(draw(None), draw(None));
    }
}
