//! [`check`]: runs a scenario and lets the oracle judge the run.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Run, Scenario, judge};

/// Runs the scenario of a seed, and judges the run.
///
/// # Panics
/// If the run violates a rule. The message says how to replay the seed.
pub fn check_seed(seed: u64) -> Run {
    let replay = format_args!("SEED={seed} cargo test -p simulator --release seed -- --nocapture");
    check(&Scenario::generate(seed), replay)
}

/// Runs a scenario, and judges the run.
///
/// # Panics
/// If the run violates a rule. The message ends with `replay`, which says how to run the scenario again.
pub fn check(scenario: &Scenario, replay: impl fmt::Display) -> Run {
    let Ok(run) = catch_unwind(AssertUnwindSafe(|| Run::of(scenario))) else {
        panic!("a panic that the scenario does not inject\n{replay}");
    };
    if let Err(violation) = judge(scenario, &run) {
        panic!("{violation}\n{replay}");
    }
    run
}
