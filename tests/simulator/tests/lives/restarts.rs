//! A restart of every service at every moment of the life of every small graph, and every fault at every moment of a
//! restart: of up to three services (two where nothing is optimized), or as many as `SERVICES` says, but at most four.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulator::pump::{Policy, Pump, Run};
use simulator::script::{Act, Bond, Deed, End, Payload, Script};
use simulator::{graphs, prove_script};

use crate::all::for_all;
use crate::asked;
use crate::exhaustive::{Graph, PACES, cancellations, hooks, meddlings, script};

const LARGEST: u64 = if cfg!(debug_assertions) { 2 } else { 3 };

/// Every life is up by then.
const UP: u64 = 1_000;

/// Every service has a task that breaks once, if somebody breaks it, and is restarted once.
fn breakable(mut script: Script) -> Script {
    for part in &mut script.parts {
        part.pump = Some(Pump { policy: Policy::of(0, 1), runs: vec![Run { lasts: None, ends: End::Error }] });
        part.restart = Some(Policy::of(1, 5));
    }
    script.serves = 3 * UP;
    script
}

/// All dependencies require; and each of them in turn only wants, or only comes after.
fn bonds(plain: &Script) -> Vec<Script> {
    let mut scripts = vec![plain.clone()];
    for service in 0..plain.parts.len() {
        for need in 0..plain.parts[service].needs.len() {
            for bond in [Bond::Wants, Bond::After] {
                let mut script = plain.clone();
                script.parts[service].needs[need].bond = bond;
                scripts.push(script);
            }
        }
    }
    scripts
}

/// The task of each service breaks at a moment at which everything is up.
fn broken(plain: &Script) -> Vec<Script> {
    let scripts = (0..plain.parts.len()).map(|service| {
        let mut script = plain.clone();
        let run = Run { lasts: Some(UP), ends: End::Error };
        script.parts[service].pump = Some(Pump { policy: Policy::of(0, 1), runs: vec![run] });
        script
    });
    scripts.collect()
}

/// In that restart, whatever goes down fails, panics and hangs, and whatever comes up again does; with and without a
/// second try, and where it is optional.
fn failures(plain: &Script) -> Vec<Script> {
    let mut scripts = Vec::new();
    for service in 0..plain.parts.len() {
        for end in [End::Error, End::Panic(Payload::Text), End::Never] {
            for hook in 3..6 {
                let mut script = plain.clone();
                hooks(&mut script.parts[service])[hook].ends = end;
                scripts.push(script);
            }
            for (policy, optional) in [(None, false), (None, true), (Some(Policy::of(3, 7)), false)] {
                let mut script = plain.clone();
                let part = &mut script.parts[service];
                let well = part.inits[0];
                part.inits = vec![well, Act { ends: end, ..well }, well];
                (part.restart, part.optional) = (policy.or(part.restart), optional);
                scripts.push(script);
            }
        }
    }
    scripts
}

fn of_graph(graph: &Graph) -> Vec<Script> {
    let mut scripts = Vec::new();
    for pace in PACES {
        let plain = breakable(script(graph, pace));
        let breaks: Vec<_> = (0..graph.len()).map(Deed::Break).collect();
        for plain in bonds(&plain) {
            scripts.extend(meddlings(&plain, &breaks));
            for broken in broken(&plain) {
                scripts.extend(failures(&broken));
                scripts.extend(meddlings(&broken, &[Deed::Request]));
            }
        }
        scripts.extend(broken(&plain).iter().flat_map(cancellations));
    }
    scripts
}

#[test]
fn every_restart_at_every_moment_and_every_fault_in_it() {
    let largest = asked("SERVICES").unwrap_or(LARGEST).min(4) as usize;
    for services in 1..=largest {
        let began = Instant::now();
        let graphs = graphs(services);
        let lived = AtomicUsize::new(0);
        for_all(&graphs, |graph| {
            let scripts = of_graph(graph);
            for script in &scripts {
                drop(prove_script(script, script));
            }
            lived.fetch_add(scripts.len(), Ordering::Relaxed);
        });
        println!(
            "{} graphs of {services} services, {lived:?} lives with restarts in {:?}",
            graphs.len(),
            began.elapsed()
        );
    }
}
