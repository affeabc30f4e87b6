//! A restart of every service at every moment, and every fault at every moment of a restart, on every small graph: of up
//! to three services (two in a debug build), or as many as `SERVICES` says, but at most four.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulator::scenario::{
    Action, Behaviour, DependencyKind, Outcome, PanicPayload, RestartPolicy, Scenario, SupervisedTask, TaskRun,
};
use simulator::{check, graphs};

use crate::exhaustive::{Graph, PACES, cancellations, hooks, injections, scenario};
use crate::number_from_env;
use crate::parallel::for_all;

const LARGEST: u64 = if cfg!(debug_assertions) { 2 } else { 3 };

/// Every service is ready by then.
const UP: u64 = 1_000;

/// A task that runs this long, fails, and is not restarted.
fn failing_task(takes: Option<u64>) -> SupervisedTask {
    SupervisedTask { policy: RestartPolicy::on_failure(0, 1), runs: vec![TaskRun { takes, outcome: Outcome::Error }] }
}

/// Every service has a task that fails when that is injected, and is then restarted once.
fn restartable(mut scenario: Scenario) -> Scenario {
    for spec in &mut scenario.services {
        spec.supervised_task = Some(failing_task(None));
        spec.restart = Some(RestartPolicy::on_failure(1, 5));
    }
    scenario.uptime = 3 * UP;
    scenario
}

/// The scenario itself, and the same with each dependency in turn as `wants` and as `after`.
fn weakened(plain: &Scenario) -> Vec<Scenario> {
    let mut scenarios = vec![plain.clone()];
    for service in 0..plain.services.len() {
        for dependency in 0..plain.services[service].dependencies.len() {
            for kind in [DependencyKind::Wants, DependencyKind::After] {
                let mut scenario = plain.clone();
                scenario.services[service].dependencies[dependency].kind = kind;
                scenarios.push(scenario);
            }
        }
    }
    scenarios
}

/// The task of each service in turn fails when every service is ready.
fn restarted(plain: &Scenario) -> Vec<Scenario> {
    let scenarios = (0..plain.services.len()).map(|service| {
        let mut scenario = plain.clone();
        scenario.services[service].supervised_task = Some(failing_task(Some(UP)));
        scenario
    });
    scenarios.collect()
}

/// During that restart, every hook of a stop fails, panics and hangs, and so does every second start: with and without a
/// further restart, and where the service is optional.
fn faults(restarted: &Scenario) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for service in 0..restarted.services.len() {
        for outcome in [Outcome::Error, Outcome::Panic(PanicPayload::String), Outcome::Hang] {
            for hook in 3..6 {
                let mut scenario = restarted.clone();
                hooks(&mut scenario.services[service])[hook].outcome = outcome;
                scenarios.push(scenario);
            }
            let policy = RestartPolicy::on_failure(3, 7);
            for (policy, optional) in [(None, false), (None, true), (Some(policy), false)] {
                let mut scenario = restarted.clone();
                let spec = &mut scenario.services[service];
                let succeeds = spec.inits[0];
                spec.inits = vec![succeeds, Behaviour { outcome, ..succeeds }, succeeds];
                (spec.restart, spec.optional) = (policy.or(spec.restart), optional);
                scenarios.push(scenario);
            }
        }
    }
    scenarios
}

fn scenarios(graph: &Graph) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for pace in PACES {
        let plain = restartable(scenario(graph, pace));
        let fail_tasks: Vec<_> = (0..graph.len()).map(Action::FailTask).collect();
        for plain in weakened(&plain) {
            scenarios.extend(injections(&plain, &fail_tasks));
            for restarted in restarted(&plain) {
                scenarios.extend(faults(&restarted));
                scenarios.extend(injections(&restarted, &[Action::RequestShutdown]));
            }
        }
        scenarios.extend(restarted(&plain).iter().flat_map(cancellations));
    }
    scenarios
}

#[test]
fn every_restart_at_every_moment_and_every_fault_in_it_keeps_the_rules() {
    let largest = number_from_env("SERVICES").unwrap_or(LARGEST).min(4) as usize;
    for services in 1..=largest {
        let began = Instant::now();
        let graphs = graphs(services);
        let runs = AtomicUsize::new(0);
        for_all(&graphs, |graph| {
            let scenarios = scenarios(graph);
            for scenario in &scenarios {
                drop(check(scenario, scenario));
            }
            runs.fetch_add(scenarios.len(), Ordering::Relaxed);
        });
        println!(
            "{} graphs of {services} services, {runs:?} runs with restarts in {:?}",
            graphs.len(),
            began.elapsed()
        );
    }
}
