//! Every fault at every moment of the life of every small graph: of up to four services, or as many as `SERVICES` says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulator::script::{Act, Chore, Cleanup, Deed, End, Meddling, Moment, Need, Part, Payload, Script};
use simulator::{graphs, prove_script};

use crate::all::for_all;
use crate::asked;

const SERVICES: u64 = 4;

pub(crate) type Graph = Vec<Vec<usize>>;

/// How long each hook of a service takes.
pub(crate) type Pace = fn(service: usize) -> u64;

/// Everything at the same instant, and nothing at the same instant.
pub(crate) const PACES: [Pace; 2] = [|_| 0, |service| 1 << (3 * service)];

/// A service that has every hook there is.
fn part(on: &[usize], lasts: u64) -> Part {
    let act = Act::well(lasts);
    Part {
        start: Some(act),
        health: Some(act),
        chores: vec![Chore { runs: None, act }],
        cleanups: vec![Cleanup { early: true, act }],
        ..Part::calm(on.iter().map(|&on| Need::requires(on)).collect(), lasts, lasts)
    }
}

pub(crate) fn script(graph: &Graph, pace: Pace) -> Script {
    Script::of(graph.iter().enumerate().map(|(service, on)| part(on, pace(service))).collect())
}

/// The hooks of a service, one after the other.
pub(crate) fn hooks(part: &mut Part) -> [&mut Act; 6] {
    let [init] = &mut part.inits[..] else { panic!("there is one attempt") };
    let (Some(start), Some(health), Some(shutdown)) = (&mut part.start, &mut part.health, &mut part.shutdown) else {
        panic!("there is every hook")
    };
    [init, start, health, shutdown, &mut part.chores[0].act, &mut part.cleanups[0].act]
}

/// Every hook of every service fails, panics and hangs.
fn failures(plain: &Script) -> Vec<Script> {
    let mut scripts = Vec::new();
    for service in 0..plain.parts.len() {
        for hook in 0..6 {
            for end in [End::Error, End::Panic(Payload::Text), End::Never] {
                let mut script = plain.clone();
                hooks(&mut script.parts[service])[hook].ends = end;
                scripts.push(script);
            }
        }
    }
    scripts
}

/// At every event, and inside every hook as it begins and as it ends, somebody does each of these.
pub(crate) fn meddlings(plain: &Script, deeds: &[Deed]) -> Vec<Script> {
    let life = prove_script(plain, "without a fault");
    let steps = (0..life.steps.len()).map(Moment::Step);
    let events = (0..life.events.len() as u64).map(Moment::Event);
    let deeds = |when| deeds.iter().map(move |&what| Meddling { when, what });
    steps.chain(events).flat_map(deeds).map(|it| Script { meddling: Some(it), ..plain.clone() }).collect()
}

/// Somebody cancels the token, drops the future of the boot or the handles, or requests the shutdown.
pub(crate) fn cancellations(plain: &Script) -> Vec<Script> {
    meddlings(plain, &[Deed::Cancel, Deed::Drop, Deed::Request])
}

#[test]
fn every_fault_at_every_moment_of_every_small_graph() {
    let largest = asked("SERVICES").unwrap_or(SERVICES) as usize;
    for services in 1..=largest {
        let began = Instant::now();
        let graphs = graphs(services);
        let lived = AtomicUsize::new(0);
        for_all(&graphs, |graph| {
            for pace in PACES {
                let plain = script(graph, pace);
                let mut scripts = failures(&plain);
                scripts.extend(cancellations(&plain));
                for script in &scripts {
                    drop(prove_script(script, script));
                }
                lived.fetch_add(scripts.len(), Ordering::Relaxed);
            }
        });
        println!("{} graphs of {services} services, {lived:?} lives in {:?}", graphs.len(), began.elapsed());
    }
}

#[test]
fn every_small_graph_is_there_once() {
    let counts: Vec<_> = (1..=5).map(|services| graphs(services).len()).collect();
    assert_eq!(counts, [1, 2, 6, 31, 302]);
}
