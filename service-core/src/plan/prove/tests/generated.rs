//! Two thousand generated catalogs, sound and unsound.

use std::collections::HashSet;

use crate::base::Key;
use crate::plan::facts::{Dependency, Facts};
use crate::plan::fixtures::{Dice, key, only, service};
use crate::plan::prove::prove;
use crate::plan::request::Request;
use crate::report::{CycleStep, Problem};

const BONDS: [fn(Facts, &[&str]) -> Facts; 3] = [Facts::requires, Facts::wants, Facts::after];

/// Up to sixteen services with every kind of dependency; `loops` allows those that lead backwards.
fn catalog(dice: &mut Dice, loops: bool) -> Vec<Facts> {
    let letters: Vec<String> = ('A'..='P').take(1 + dice.roll(16)).map(String::from).collect();
    let mut ranks: Vec<usize> = (0..letters.len()).collect();
    dice.shuffle(&mut ranks);
    let mut catalog: Vec<Facts> = letters.iter().map(|letter| service(letter)).collect();
    for (from, facts) in catalog.iter_mut().enumerate() {
        facts.lazy = dice.roll(5) == 0;
        facts.replaced = dice.roll(9) == 0;
        for to in 0..letters.len() {
            if dice.roll(4) == 0 && (ranks[to] < ranks[from] || (loops && dice.roll(9) == 0)) {
                let bond = BONDS[dice.roll(3)];
                *facts = bond(facts.clone(), &[&letters[to]]);
            }
        }
    }
    catalog
}

fn request(dice: &mut Dice) -> Request {
    if dice.roll(2) == 0 { Request::default() } else { only(&["A"]) }
}

/// Everything that a user can see of a plan or of an error.
fn seen(catalog: Vec<Facts>, request: &Request) -> String {
    match prove(catalog, request) {
        Ok(plan) => {
            let services: Vec<_> =
                plan.services().iter().map(|it| (&it.facts.name, &it.needs, it.eager, it.height)).collect();
            format!(
                "{services:?}\n{plan}\n{}\n{}\n{}\n{}",
                plan.to_dot(),
                plan.to_mermaid(),
                plan.to_json(),
                plan.critical_path()
            )
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn order_respects_every_dependency() {
    for seed in 0..1_000 {
        let dice = &mut Dice::new(seed);
        let catalog = catalog(dice, false);
        let plan = prove(catalog.clone(), &request(dice)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        for (at, planned) in plan.services().iter().enumerate() {
            for Dependency { key, bond, .. } in &planned.facts.dependencies {
                let need = planned.needs.iter().find(|need| need.key == *key && need.bond == *bond);
                match plan.index_of(key) {
                    Some(index) if !planned.facts.replaced => {
                        assert!(index < at, "seed {seed}: {} before what it depends on", planned.facts.name);
                        assert_eq!(need.map(|need| need.index), Some(index), "seed {seed}");
                        assert!(plan.services()[index].dependants.contains(&at), "seed {seed}");
                        let below = &plan.services()[index];
                        if planned.eager || !below.eager {
                            assert!(below.height > planned.height, "seed {seed}");
                        }
                    }
                    _ => assert!(need.is_none(), "seed {seed}"),
                }
            }
        }
    }
}

#[test]
fn the_order_of_the_catalog_changes_nothing() {
    for seed in 0..1_000 {
        let dice = &mut Dice::new(seed);
        let mut catalog = catalog(dice, seed % 2 == 0);
        if seed % 4 == 0 {
            catalog.retain(|_| dice.roll(6) > 0);
        }
        let request = request(dice);
        let before = seen(catalog.clone(), &request);
        dice.shuffle(&mut catalog);
        assert_eq!(before, seen(catalog, &request), "seed {seed}");
    }
}

#[test]
fn every_cycle_is_real_and_every_cyclic_graph_is_refused() {
    let mut refused = 0;
    for seed in 0..1_000 {
        let catalog = catalog(&mut Dice::new(seed), true);
        let edges = edges(&catalog);
        let problems = match prove(catalog, &Request::default()) {
            Ok(plan) => {
                let present: HashSet<Key> = plan.services().iter().map(|it| it.facts.key.clone()).collect();
                assert!(!is_cyclic(&edges, &present), "seed {seed}: a cycle was let in");
                continue;
            }
            Err(error) => error.problems().to_vec(),
        };
        refused += 1;
        for problem in problems {
            let path: Vec<CycleStep> = match problem {
                Problem::Cycle { path } => path,
                Problem::SelfDependency { link } => vec![link],
                other => panic!("seed {seed}: {other}"),
            };
            let names: Vec<_> = path.iter().map(|link| link.service.name.as_str()).collect();
            assert_eq!(
                names.iter().collect::<HashSet<_>>().len(),
                names.len(),
                "seed {seed}: {names:?} is no simple cycle"
            );
            for (link, next) in path.iter().zip(names.iter().cycle().skip(1)) {
                let edge = (key(&link.service.name), link.verb, key(next));
                assert!(edges.contains(&edge), "seed {seed}: {edge:?} was never declared");
            }
        }
    }
    assert!((100..900).contains(&refused), "{refused} of 1,000 were cyclic: too few, or too many, to tell");
}

/// What the services depend on that have not been replaced.
fn edges(catalog: &[Facts]) -> Vec<(Key, &'static str, Key)> {
    let verbs = ["requires", "wants", "comes after"];
    let real = catalog.iter().filter(|facts| !facts.replaced);
    let edges = real.flat_map(|facts| facts.dependencies.iter().map(move |it| (facts, it)));
    edges.map(|(facts, it)| (facts.key.clone(), verbs[it.bond as usize], it.key.clone())).collect()
}

/// The slow and obvious way: take out what depends on nothing, until nothing is left or nothing can be taken out.
fn is_cyclic(edges: &[(Key, &str, Key)], nodes: &HashSet<Key>) -> bool {
    let mut left = nodes.clone();
    loop {
        let held = |node: &Key| edges.iter().any(|(from, _, to)| from == node && left.contains(to));
        let free: Vec<Key> = left.iter().filter(|node| !held(node)).cloned().collect();
        if free.is_empty() {
            return !left.is_empty();
        }
        left.retain(|node| !free.contains(node));
    }
}
