//! A boot takes exactly as long as the longest path of its graph. A shutdown and a rollback take as long as the longest
//! path of the reversed graph.

use std::time::Duration;

use fastrand::Rng;
use simulator::scenario::{Behaviour, Dependency, Outcome, Scenario, ServiceSpec};
use simulator::{BootOutcome, GraphShape, check};

use crate::parallel::for_all;

/// Longer than any boot here, and shorter than every budget.
const LATE: u64 = 20_000;

fn random_services(seed: u64) -> Vec<ServiceSpec> {
    let mut rng = Rng::with_seed(seed);
    let services = rng.usize(1..=if seed.is_multiple_of(50) { 300 } else { 30 });
    let edges = GraphShape::random(&mut rng).edges(services, &mut rng);
    let mut service = |on: Vec<usize>| {
        let dependencies = on.into_iter().map(Dependency::requires).collect();
        ServiceSpec::healthy(dependencies, rng.u64(0..=60), rng.u64(0..=60))
    };
    edges.into_iter().map(&mut service).collect()
}

/// The length of the longest path, where each service takes this long.
fn longest(services: &[ServiceSpec], takes: impl Fn(&ServiceSpec) -> u64) -> Duration {
    let mut ends: Vec<u64> = Vec::new();
    for service in services {
        let below = service.dependencies.iter().map(|dependency| ends[dependency.on]).max();
        ends.push(below.unwrap_or(0) + takes(service));
    }
    Duration::from_millis(ends.into_iter().max().unwrap_or(0))
}

fn longest_start(services: &[ServiceSpec]) -> Duration {
    longest(services, |service| service.init(1).takes)
}

/// The reversed graph has the same paths.
fn longest_stop(services: &[ServiceSpec]) -> Duration {
    longest(services, |service| service.shutdown.map_or(0, |shutdown| shutdown.takes))
}

fn seeds() -> Vec<u64> {
    (0..300).collect()
}

#[test]
fn a_boot_and_a_shutdown_take_as_long_as_the_longest_path() {
    for_all(&seeds(), |&seed| {
        let services = random_services(seed);
        let (start, stop) = (longest_start(&services), longest_stop(&services));
        let run = check(&Scenario::of(services), format_args!("graph {seed}"));
        assert_eq!(run.booted_at, start, "boot of graph {seed}");
        let report = run.shutdowns[0].as_ref().expect("a clean shutdown");
        assert_eq!(report.total, stop, "shutdown of graph {seed}");
    });
}

#[test]
fn a_rollback_takes_as_long_as_the_longest_path() {
    for_all(&seeds(), |&seed| {
        let mut services = random_services(seed);
        let stop = longest_stop(&services);
        let inits = vec![Behaviour::new(LATE, Outcome::Error)];
        services.push(ServiceSpec { inits, ..ServiceSpec::healthy(Vec::new(), 0, 0) });
        let run = check(&Scenario::of(services), format_args!("graph {seed}"));
        let BootOutcome::Failed(error) = &run.boot else { panic!("graph {seed} is up") };
        assert_eq!(error.rollback().expect("a rollback").total, stop, "rollback of graph {seed}");
        assert_eq!(run.booted_at, Duration::from_millis(LATE) + stop, "graph {seed}");
    });
}
