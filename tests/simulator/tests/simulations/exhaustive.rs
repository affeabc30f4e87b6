//! Every fault at every moment of a run, on every small graph: of up to four services, or as many as `SERVICES` says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulator::scenario::{
    Action, BackgroundTask, Behaviour, Cleanup, Dependency, Injection, Outcome, PanicPayload, Scenario, ServiceSpec,
    Trigger,
};
use simulator::{check, graphs};

use crate::number_from_env;
use crate::parallel::for_all;

const SERVICES: u64 = 4;

pub(crate) type Graph = Vec<Vec<usize>>;

/// How long each hook of a service takes.
pub(crate) type Pace = fn(service: usize) -> u64;

/// Everything happens at the same instant, or no two things do.
pub(crate) const PACES: [Pace; 2] = [|_| 0, |service| 1 << (3 * service)];

/// A service with every kind of hook.
fn service(on: &[usize], takes: u64) -> ServiceSpec {
    let behaviour = Behaviour::succeeds(takes);
    ServiceSpec {
        start: Some(behaviour),
        health: Some(behaviour),
        background_tasks: vec![BackgroundTask { runs: None, behaviour }],
        cleanups: vec![Cleanup { early: true, behaviour }],
        ..ServiceSpec::healthy(on.iter().map(|&on| Dependency::requires(on)).collect(), takes, takes)
    }
}

pub(crate) fn scenario(graph: &Graph, pace: Pace) -> Scenario {
    Scenario::of(graph.iter().enumerate().map(|(index, on)| service(on, pace(index))).collect())
}

/// The hooks of a service, in the order in which they run.
pub(crate) fn hooks(spec: &mut ServiceSpec) -> [&mut Behaviour; 6] {
    let [init] = &mut spec.inits[..] else { panic!("there is one attempt") };
    let (Some(start), Some(health), Some(shutdown)) = (&mut spec.start, &mut spec.health, &mut spec.shutdown) else {
        panic!("the service has every hook")
    };
    [init, start, health, shutdown, &mut spec.background_tasks[0].behaviour, &mut spec.cleanups[0].behaviour]
}

/// Every hook of every service fails, panics and hangs.
fn faults(healthy: &Scenario) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for service in 0..healthy.services.len() {
        for hook in 0..6 {
            for outcome in [Outcome::Error, Outcome::Panic(PanicPayload::String), Outcome::Hang] {
                let mut scenario = healthy.clone();
                hooks(&mut scenario.services[service])[hook].outcome = outcome;
                scenarios.push(scenario);
            }
        }
    }
    scenarios
}

/// Each of these actions is injected at every event, and inside every hook as it starts and as it ends.
pub(crate) fn injections(healthy: &Scenario, actions: &[Action]) -> Vec<Scenario> {
    let run = check(healthy, "without a fault");
    let steps = (0..run.trace.len()).map(Trigger::Step);
    let events = (0..run.events.len() as u64).map(Trigger::Event);
    let actions = |trigger| actions.iter().map(move |&action| Injection { trigger, action });
    steps.chain(events).flat_map(actions).map(|it| Scenario { injection: Some(it), ..healthy.clone() }).collect()
}

/// The token is cancelled, the future of the boot or the handles are dropped, or the shutdown is requested.
pub(crate) fn cancellations(healthy: &Scenario) -> Vec<Scenario> {
    injections(healthy, &[Action::Cancel, Action::Drop, Action::RequestShutdown])
}

#[test]
fn every_fault_at_every_moment_on_every_small_graph_keeps_the_rules() {
    let largest = number_from_env("SERVICES").unwrap_or(SERVICES) as usize;
    for services in 1..=largest {
        let began = Instant::now();
        let graphs = graphs(services);
        let runs = AtomicUsize::new(0);
        for_all(&graphs, |graph| {
            for pace in PACES {
                let healthy = scenario(graph, pace);
                let mut scenarios = faults(&healthy);
                scenarios.extend(cancellations(&healthy));
                for scenario in &scenarios {
                    drop(check(scenario, scenario));
                }
                runs.fetch_add(scenarios.len(), Ordering::Relaxed);
            }
        });
        println!("{} graphs of {services} services, {runs:?} runs in {:?}", graphs.len(), began.elapsed());
    }
}

#[test]
fn every_small_graph_is_enumerated_once() {
    let counts: Vec<_> = (1..=5).map(|services| graphs(services).len()).collect();
    assert_eq!(counts, [1, 2, 6, 31, 302]);
}
