//! What makes a plan unsound: one function for each rule, with the rule in words above it.

use super::digraph::Digraph;
use super::facts::Bond;
use super::registered::{Candidate, replacing};
use super::request::Wanted;
use super::resolution::Resolution;
use super::resolved_graph::{Draft, Label};
use super::selection::Named;
use crate::report::{CycleStep, Problem};

/// What the builder names exists.
pub(super) fn known(call: &'static str, wanted: &[Wanted], resolution: &Resolution<'_>, problems: &mut Vec<Problem>) {
    for Wanted { key, text } in wanted.iter().filter(|wanted| resolution.find(&wanted.key).is_empty()) {
        let why = resolution.absence(key, text);
        problems.push(Problem::Unknown { call, text: text.clone(), why });
    }
}

/// Only a service that is declared `given` can be given, once, and not replaced as well.
pub(super) fn supplied(candidates: &[Candidate], supplied: &[usize], problems: &mut Vec<Problem>) {
    let mut supplied = supplied.to_vec();
    supplied.sort_unstable();
    for same in supplied.chunk_by(|a, b| a == b) {
        let candidate = &candidates[same[0]];
        let replaced = candidate.facts.replaced.then(|| replacing(&candidate.facts));
        let calls: Vec<_> = same.iter().map(|_| "give").chain(replaced).collect();
        if calls.len() > 1 {
            problems.push(Problem::SuppliedTwice { service: candidate.site(), calls });
        } else if !candidate.facts.given {
            problems.push(Problem::NotGivable { service: candidate.site() });
        }
    }
}

/// What a service requires exists, and what it requires or wants means one service.
pub(super) fn dependencies(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    for (at, candidate) in draft.real() {
        for (_, dependency, meaning) in draft.dependencies(at) {
            let (service, text) = (|| candidate.site(), || dependency.text.clone());
            match (dependency.bond, meaning) {
                (Bond::Requires, []) => {
                    let why = draft.resolution.absence(&dependency.key, &dependency.text);
                    problems.push(Problem::Missing { service: service(), text: text(), why });
                }
                (Bond::Requires | Bond::Wants, [_, _, ..]) => {
                    let providers = meaning.iter().map(|&provider| draft.candidates[provider].site()).collect();
                    let verb = verb(dependency.bond);
                    problems.push(Problem::Ambiguous { service: service(), verb, text: text(), providers });
                }
                _ => {}
            }
        }
    }
}

/// What is declared `given` is given.
pub(super) fn given(draft: &Draft<'_>, named: &Named, problems: &mut Vec<Problem>) {
    for (at, candidate) in draft.real().filter(|(at, it)| it.facts.given && !named.supplied.contains(at)) {
        let requires_it = |&(by, _): &(usize, &Candidate)| {
            let mut dependencies = draft.dependencies(by);
            dependencies.any(|(_, dependency, meaning)| dependency.bond == Bond::Requires && meaning == [at])
        };
        let required_by = draft.real().find(requires_it).map(|(_, by)| by.site());
        problems.push(Problem::NotGiven { service: candidate.site(), required_by });
    }
}

/// Nothing depends on itself, neither directly nor all the way round. Order counts here as much as need does.
pub(super) fn cycles(draft: &Draft<'_>, graph: &Digraph<Label>, problems: &mut Vec<Problem>) {
    for cycle in graph.cycles() {
        let nexts = cycle.iter().cycle().skip(1).map(|&(next, _)| next);
        let links = cycle.iter().zip(nexts).map(|(&(at, (bond, number)), next)| {
            let candidate = &draft.candidates[at];
            let via = draft.via(&candidate.facts.dependencies[number], next);
            CycleStep { service: candidate.site(), verb: verb(bond), via }
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
