//! Lives at random: 10,000 of them, or as many as `SIMULATIONS` says; `SEED` says which one to replay.

use std::time::Instant;

use simulator::{Life, Script, kept, prove};

fn asked(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}

#[test]
fn a_seed_is_replayed() {
    let Some(seed) = asked("SEED") else { return };
    let script = Script::draw(seed);
    println!("{script:#?}");
    println!("{}", Life::live(&script).log());
    prove(seed);
}

#[test]
fn what_once_failed_no_longer_does() {
    kept().into_iter().for_each(|seed| drop(prove(seed)));
}

#[test]
fn every_life_keeps_the_rules() {
    let lives = asked("SIMULATIONS").unwrap_or(10_000);
    let began = Instant::now();
    for seed in 0..lives {
        prove(seed);
    }
    println!("{lives} lives in {:?}", began.elapsed());
}
