use std::time::Duration;

use crate::base::State;
use crate::plan::facts::Facts;
use crate::plan::fixtures::{Dice, ms, plan, service};
use crate::plan::graph::{Graph, NodeStatus};
use crate::plan::plan::Plan;

/// The graph of a boot without a concurrency cap in which each service took its time.
fn booted(plan: &Plan, own: impl Fn(usize) -> Option<Duration>) -> Graph {
    let status = |at| NodeStatus { state: Some(State::Ready), own: own(at), ..NodeStatus::default() };
    Graph::of(plan, &status, &[])
}

/// When the last service of a plan is ready, if each starts as soon as all that it depends on is.
fn simulated(plan: &Plan, own: &[Duration]) -> Duration {
    let mut ready: Vec<Duration> = Vec::new();
    for (planned, own) in plan.services().iter().zip(own) {
        let last = planned.needs.iter().map(|need| ready[need.index]).max().unwrap_or_default();
        ready.push(last + *own);
    }
    ready.into_iter().max().unwrap_or_default()
}

// shows: O03
#[test]
fn times_along_the_path_are_the_whole_boot() {
    for seed in 0..1_000 {
        let dice = &mut Dice::new(seed);
        let mut catalog: Vec<Facts> = ('A'..='P').map(|letter| service(&letter.to_string())).collect();
        for from in 0..catalog.len() {
            for to in (0..from).map(|to| catalog[to].name.clone()).collect::<Vec<_>>() {
                if dice.roll(5) == 0 {
                    catalog[from] = catalog[from].clone().requires(&[&to]);
                }
            }
        }
        let plan = plan(catalog);
        let own: Vec<Duration> = (0..plan.len()).map(|_| ms(dice.roll(50) as u64)).collect();
        let path = booted(&plan, |at| Some(own[at])).critical_path();
        assert_eq!(path.total(), simulated(&plan, &own), "seed {seed}: {path}");
        let indices: Vec<_> = path.iter().filter_map(|step| plan.index_of_name(&step.name)).collect();
        for pair in indices.windows(2) {
            assert!(plan.services()[pair[1]].needs.iter().any(|need| need.index == pair[0]), "seed {seed}: {path}");
        }
    }
}

// shows: O03
#[test]
fn a_path_reads_from_first_to_last() {
    let plan = plan(vec![service("A").requires(&["B", "C"]), service("B"), service("C")]);
    let path = booted(&plan, |at| Some(ms([200, 30, 50][at]))).critical_path();
    assert_eq!(path.to_string(), "B 200ms → A 50ms");
    assert_eq!(path.total(), ms(250));
    let names: Vec<String> = path.into_iter().map(|step| step.name).collect();
    assert_eq!(names, ["B", "A"]);
}

#[test]
fn without_times_the_path_is_the_longest_chain() {
    let plan = plan(vec![
        service("A").requires(&["B"]),
        service("B").wants(&["C"]),
        service("C"),
        service("D"),
        service("L").lazy().requires(&["A"]),
    ]);
    assert_eq!(plan.critical_path().to_string(), "C → B → A");
    assert_eq!(plan.critical_path().total(), Duration::ZERO);
}

#[test]
fn a_later_first_use_is_no_part_of_the_boot() {
    let plan = plan(vec![service("A"), service("L").lazy().requires(&["A"])]);
    assert_eq!(booted(&plan, |_| Some(ms(9))).critical_path().to_string(), "A 9ms");
    let only_lazy = booted(&plan, |at| (at == 1).then_some(ms(9)));
    assert_eq!(only_lazy.critical_path().to_string(), "L 9ms");
}
