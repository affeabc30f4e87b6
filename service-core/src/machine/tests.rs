//! Thousands of generated lives, driven without a runtime, with every rule looked at after every input; and the stories
//! that are too particular to leave to chance.
//!
//! `.ci/slow` breaks the machine in every small way that cargo-mutants knows and runs these. One way is not noticed, because
//! it changes nothing: in `demand`, counting one more for a dependant that does not wait, whose count nobody reads before
//! it is made anew.

mod answers;
mod crossings;
mod harness;
mod known;
mod lateness;
mod life;
mod relations;
mod rules;
mod stories;

use life::Life;

use crate::plan::fixtures::Dice;

/// `LIVES` is their number.
#[test]
fn every_rule_holds_in_every_generated_life() {
    let lives = std::env::var("LIVES").map(|it| it.replace('_', "").parse().expect("LIVES is a number"));
    for seed in 0..lives.unwrap_or(20_000) {
        let mut life = Life::new(Dice::new(seed), seed);
        while life.step() {}
        life.end();
    }
}
