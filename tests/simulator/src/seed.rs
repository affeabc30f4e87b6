//! Seeds: proving one, and the folder of those that once failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::{fmt, fs};

use crate::{Life, Script, judge};

/// Lives the script of a seed, and judges that life.
///
/// # Panics
/// If a rule was broken, with how to do it again.
pub fn prove(seed: u64) -> Life {
    prove_script(&Script::draw(seed), format_args!("SEED={seed} cargo test -p simulator --release seed -- --nocapture"))
}

/// Lives a script, and judges that life.
///
/// # Panics
/// If a rule was broken, with what is said about how to do it again.
pub fn prove_script(script: &Script, again: impl fmt::Display) -> Life {
    let Ok(life) = catch_unwind(AssertUnwindSafe(|| Life::live(script))) else {
        panic!("something panicked that must not\n{again}");
    };
    if let Err(broken) = judge(script, &life) {
        panic!("{broken}\n{again}");
    }
    life
}

/// The seeds that once failed: the first word of each line of each file in `seeds` that is no comment.
///
/// # Panics
/// If there is no such folder, or a line is no seed.
pub fn kept() -> Vec<u64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder).expect("there is a folder of seeds") {
        let text = fs::read_to_string(entry.expect("a file").path()).expect("a file of text");
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        seeds.extend(lines.map(|line| {
            let word = line.split_whitespace().next().unwrap_or_default();
            word.parse::<u64>().unwrap_or_else(|_| panic!("{word} is no seed"))
        }));
    }
    seeds.sort_unstable();
    seeds
}
