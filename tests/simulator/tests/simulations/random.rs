//! Recorded regressions and random runs. `SIMULATIONS` is the number of runs without restarts; half as many with restarts
//! are added. `SEED` replays one seed.

use std::time::Instant;

use simulator::{RESTART_SEEDS, Run, Scenario, check, check_seed, regressions};

use crate::number_from_env;
use crate::parallel::for_all;

/// Enough to notice most mistakes immediately. `.ci/run` and `.ci/slow` run many more.
const RUNS: u64 = 3_000;

#[test]
fn a_seed_is_replayed() {
    let Some(seed) = number_from_env("SEED") else { return };
    let scenario = Scenario::generate(seed);
    println!("{scenario}\n{}", Run::of(&scenario).log());
    check_seed(seed);
}

#[test]
fn two_runs_of_one_seed_are_equal() {
    for seed in (0..100).chain(RESTART_SEEDS..RESTART_SEEDS + 100) {
        let scenario = Scenario::generate(seed);
        assert_eq!(Run::of(&scenario).log(), Run::of(&scenario).log(), "SEED={seed}");
    }
}

#[test]
fn a_scenario_can_be_recorded() {
    for seed in (0..100).chain(RESTART_SEEDS..RESTART_SEEDS + 100) {
        let scenario = Scenario::generate(seed);
        let read = serde_json::from_str::<Scenario>(&scenario.to_string()).expect("JSON");
        assert_eq!(read, scenario, "SEED={seed}");
    }
}

#[test]
fn no_recorded_regression_is_back() {
    let regressions = regressions();
    assert!(regressions.len() >= 18, "a recorded regression is missing");
    for (name, regression) in regressions {
        check(&regression.scenario, format_args!("regressions/{name}.json: {}", regression.found));
    }
}

#[test]
fn every_random_run_keeps_the_rules() {
    let runs = number_from_env("SIMULATIONS").unwrap_or(RUNS);
    let seeds: Vec<_> = (0..runs).chain(RESTART_SEEDS..RESTART_SEEDS + runs / 2).collect();
    let began = Instant::now();
    for_all(&seeds, |&seed| drop(check_seed(seed)));
    println!("{} runs in {:?}, a third of them with restarts", seeds.len(), began.elapsed());
}
