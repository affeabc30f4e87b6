//! Lives at random: `SIMULATIONS` says how many, and half as many are lived with restarts; `SEED` says which one to replay.

use std::time::Instant;

use simulator::{Life, RESTARTS, Script, kept, prove};

use crate::all::for_all;
use crate::asked;

/// Enough to notice a mistake at once; many more are lived before a change is accepted.
const LIVES: u64 = 3_000;

#[test]
fn a_seed_is_replayed() {
    let Some(seed) = asked("SEED") else { return };
    let script = Script::draw(seed);
    println!("{script}\n{}", Life::live(&script).log());
    prove(seed);
}

#[test]
fn a_seed_is_one_life() {
    for seed in (0..100).chain(RESTARTS..RESTARTS + 100) {
        let script = Script::draw(seed);
        assert_eq!(Life::live(&script).log(), Life::live(&script).log(), "SEED={seed}");
    }
}

#[test]
fn every_life_keeps_the_rules() {
    // Those that once failed come first.
    let mut seeds = kept();
    let lives = asked("SIMULATIONS").unwrap_or(LIVES);
    seeds.extend((0..lives).chain(RESTARTS..RESTARTS + lives / 2));
    let began = Instant::now();
    for_all(&seeds, |&seed| drop(prove(seed)));
    println!("{} lives in {:?}, a third of them with restarts", seeds.len(), began.elapsed());
}
