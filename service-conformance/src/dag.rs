//! Plans by chance: the same for the same seed, on every machine.

use std::collections::HashMap;
use std::time::Duration;

use crate::name::name;
use crate::script::{Script, service};

/// A generator of numbers (xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}

/// Services that take up to 300 ms each way and require up to three others; no cycle, and in no order that helps.
///
/// Every time is even, so that what happens at an odd one meets no end of a hook: whether a service is ready whose `init`
/// ends at the very instant at which the boot fails is left to the subject.
pub(crate) fn dag(seed: u64, size: usize) -> Vec<Script> {
    let mut chance = Chance::new(seed);
    let mut names: Vec<_> = (0..size).map(name).collect();
    for at in (1..size).rev() {
        names.swap(at, chance.below(at + 1));
    }
    let mut scripts: Vec<Script> = Vec::with_capacity(size);
    for at in 0..size {
        let mut requires: Vec<_> = (0..chance.below(4).min(at)).map(|_| names[chance.below(at)].clone()).collect();
        requires.sort();
        requires.dedup();
        let (up, down) = (2 * chance.below(151), 2 * chance.below(151));
        scripts.push(service(&names[at]).requires(requires).init_takes(up as u64).shutdown_takes(down as u64));
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

/// How long all of it takes at least, where everything independent happens at once.
pub(crate) fn longest(scripts: &[Script], takes: impl Fn(&Script) -> Duration) -> Duration {
    fn up_to<'a>(
        at: &'a Script,
        all: &HashMap<&str, &'a Script>,
        takes: &impl Fn(&Script) -> Duration,
        known: &mut HashMap<&'a str, Duration>,
    ) -> Duration {
        if let Some(known) = known.get(at.name.as_str()) {
            return *known;
        }
        let below = at.requires.iter().filter_map(|it| all.get(it.as_str()).copied());
        let below = below.map(|it| up_to(it, all, takes, known)).max().unwrap_or_default();
        known.insert(&at.name, below + takes(at));
        below + takes(at)
    }
    let all: HashMap<_, _> = scripts.iter().map(|it| (it.name.as_str(), it)).collect();
    let mut known = HashMap::new();
    scripts.iter().map(|it| up_to(it, &all, &takes, &mut known)).max().unwrap_or_default()
}
