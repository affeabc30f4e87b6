//! What makes a plan unsound: one function for each rule, with the rule in words above it.

use super::digraph::Digraph;
use super::facts::Bond;
use super::registered::{Registered, replacing};
use super::request::Requested;
use super::resolution::Resolution;
use super::resolved_graph::{Label, ResolvedGraph};
use super::selection::Named;
use crate::base::sort_by;
use crate::report::{CycleStep, Problem};

/// Every service that the builder names exists.
pub(super) fn known(
    call: &'static str,
    requested: &[Requested],
    resolution: &Resolution<'_>,
    problems: &mut Vec<Problem>,
) {
    for Requested { key, text } in requested.iter().filter(|requested| resolution.find(&requested.key).is_empty()) {
        let why = resolution.absence(key, text);
        problems.push(Problem::Unknown { call, text: text.clone(), why });
    }
}

/// `.give(…)` supplies a service that is declared `given`, once, and that is not replaced as well.
pub(super) fn supplied(registered: &[Registered], supplied: &[usize], problems: &mut Vec<Problem>) {
    let mut supplied = supplied.to_vec();
    sort_by(&mut supplied, Ord::cmp);
    for same in supplied.chunk_by(|a, b| a == b) {
        let definition = &registered[same[0]];
        let replaced = definition.facts.replaced.then(|| replacing(&definition.facts));
        let calls: Vec<_> = same.iter().map(|_| "give").chain(replaced).collect();
        if calls.len() > 1 {
            problems.push(Problem::SuppliedTwice { service: definition.service_location(), calls });
        } else if !definition.facts.given {
            problems.push(Problem::NotGivable { service: definition.service_location() });
        }
    }
}

/// Every required service exists, and every required or wanted name means exactly one service.
pub(super) fn dependencies(resolved: &ResolvedGraph<'_>, problems: &mut Vec<Problem>) {
    for (at, definition) in resolved.real() {
        for (_, dependency, target) in resolved.dependencies(at) {
            let (service, text) = (|| definition.service_location(), || dependency.text.to_string());
            match (dependency.bond, target) {
                (Bond::Requires, []) => {
                    let why = resolved.resolution.absence(&dependency.key, &dependency.text);
                    problems.push(Problem::Missing { service: service(), text: text(), why });
                }
                (Bond::Requires | Bond::Wants, [_, _, ..]) => {
                    let providers =
                        target.iter().map(|&provider| resolved.registered[provider].service_location()).collect();
                    let verb = verb(dependency.bond);
                    problems.push(Problem::Ambiguous { service: service(), verb, text: text(), providers });
                }
                _ => {}
            }
        }
    }
}

/// A service that has neither a value nor an `init` is not named by the builder, and the boot succeeds without it: every
/// booted service that requires it, directly or through others, is optional.
pub(super) fn given(resolved: &ResolvedGraph<'_>, named: &Named, problems: &mut Vec<Problem>) {
    let lacking: Vec<_> = resolved.real().filter(|(_, definition)| definition.facts.lacks_value).collect();
    if lacking.is_empty() {
        return;
    }
    let vital = resolved.vital();
    for (at, definition) in lacking {
        let required_by = resolved.real().find(|&(by, _)| vital[by] && resolved.requires(by, at));
        if required_by.is_some() || named.contains(at) {
            let required_by = required_by.map(|(_, by)| by.service_location());
            problems.push(Problem::NotGiven { service: definition.service_location(), required_by });
        }
    }
}

/// No service depends on itself, directly or through others. `after` counts like `requires`.
pub(super) fn cycles(resolved: &ResolvedGraph<'_>, graph: &Digraph<Label>, problems: &mut Vec<Problem>) {
    for cycle in graph.cycles() {
        let nexts = cycle.iter().cycle().skip(1).map(|&(next, _)| next);
        let links = cycle.iter().zip(nexts).map(|(&(at, (bond, number)), next)| {
            let definition = &resolved.registered[at];
            let via = resolved.via(&definition.facts.dependencies[number], next);
            CycleStep { service: definition.service_location(), verb: verb(bond), via }
        });
        let mut path: Vec<CycleStep> = links.collect();
        problems.push(match path.len() {
            1 => Problem::SelfDependency { link: path.remove(0) },
            _ => Problem::Cycle { path },
        });
    }
}

fn verb(bond: Bond) -> &'static str {
    match bond {
        Bond::Requires => "requires",
        Bond::Wants => "wants",
        Bond::After => "comes after",
    }
}
