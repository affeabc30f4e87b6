//! Nothing takes longer than it must: a boot takes exactly as long as the longest path of its graph, and a shutdown and a
//! rollback as long as the longest path of the reversed graph.

use std::time::Duration;

use simulator::script::{Act, End, Need, Part, Script};
use simulator::{Boot, Dice, Shape, prove_script};

use crate::all::for_all;

/// Longer than any boot here, and shorter than a budget.
const LATE: u64 = 20_000;

fn draw(seed: u64) -> Vec<Part> {
    let mut dice = Dice::new(seed);
    let services = 1 + dice.below(if seed.is_multiple_of(50) { 300 } else { 30 });
    let edges = dice.pick(&Shape::ALL).edges(services, &mut dice);
    let mut part = |on: Vec<usize>| {
        let (up, down) = (dice.time(0, 60), dice.time(0, 60));
        Part::calm(on.into_iter().map(Need::requires).collect(), up, down)
    };
    edges.into_iter().map(&mut part).collect()
}

/// The longest path, where each service takes so long.
fn longest(parts: &[Part], takes: impl Fn(&Part) -> u64) -> Duration {
    let mut ends: Vec<u64> = Vec::new();
    for part in parts {
        let below = part.needs.iter().map(|need| ends[need.on]).max();
        ends.push(below.unwrap_or(0) + takes(part));
    }
    Duration::from_millis(ends.into_iter().max().unwrap_or(0))
}

fn up(parts: &[Part]) -> Duration {
    longest(parts, |part| part.init(1).lasts)
}

/// The same path, whichever end it is walked from.
fn down(parts: &[Part]) -> Duration {
    longest(parts, |part| part.shutdown.map_or(0, |act| act.lasts))
}

fn seeds() -> Vec<u64> {
    (0..300).collect()
}

#[test]
fn a_boot_and_a_shutdown_take_as_long_as_the_longest_path() {
    for_all(&seeds(), |&seed| {
        let parts = draw(seed);
        let (up, down) = (up(&parts), down(&parts));
        let life = prove_script(&Script::of(parts), format_args!("graph {seed}"));
        assert_eq!(life.booted_at, up, "boot of graph {seed}");
        let report = life.down[0].as_ref().expect("it goes down well");
        assert_eq!(report.total, down, "shutdown of graph {seed}");
    });
}

#[test]
fn a_rollback_takes_as_long_as_the_longest_path_back() {
    for_all(&seeds(), |&seed| {
        let mut parts = draw(seed);
        let down = down(&parts);
        let fails = Part { inits: vec![Act::ends(LATE, End::Error)], ..Part::calm(Vec::new(), 0, 0) };
        parts.push(fails);
        let life = prove_script(&Script::of(parts), format_args!("graph {seed}"));
        let Boot::Failed(error) = &life.boot else { panic!("graph {seed} came up") };
        assert_eq!(error.rollback().expect("it was rolled back").total, down, "rollback of graph {seed}");
        assert_eq!(life.booted_at, Duration::from_millis(LATE) + down, "graph {seed}");
    });
}
