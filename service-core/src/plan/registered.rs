//! [`Candidate`]: a registered definition that may come into the plan, in an order of ours instead of the linker's.

use std::any::TypeId;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::facts::Facts;
use crate::base::Key;
use crate::report::{Problem, ServiceLocation};

/// A registered definition that may come into the plan.
pub(super) struct Candidate {
    pub facts: Facts,
    /// Its index in the catalog.
    pub source: usize,
}

impl Candidate {
    pub(super) fn site(&self) -> ServiceLocation {
        ServiceLocation::new(&self.facts.name, self.facts.location)
    }
}

/// Sorts the catalog by place and name, and lets each type in once.
///
/// The same type from the same place is the same definition, reached twice: once linked in, once through the builder.
/// Names are not looked at here, because every definition made at run time may be made at the same place.
pub(super) fn admit(catalog: Vec<Facts>, problems: &mut Vec<Problem>) -> Vec<Candidate> {
    let all = catalog.into_iter().enumerate();
    let mut all: Vec<_> = all.map(|(source, facts)| Candidate { facts, source }).collect();
    all.sort_by(|a, b| compare(&a.facts, &b.facts));

    let mut seats: HashMap<TypeId, usize> = HashMap::with_capacity(all.len());
    let mut seated: Vec<Vec<Candidate>> = Vec::with_capacity(all.len());
    for candidate in all {
        let next = seated.len();
        let seat = match candidate.facts.key {
            Key::Type(id) => *seats.entry(id).or_insert(next),
            Key::Name(_) => next,
        };
        if seat == next {
            seated.push(Vec::with_capacity(1));
        }
        seated[seat].push(candidate);
    }
    seated.into_iter().filter_map(|candidates| choose(candidates, problems)).collect()
}

/// The one of several definitions of one type that counts: a stand-in, if there is one.
fn choose(candidates: Vec<Candidate>, problems: &mut Vec<Problem>) -> Option<Candidate> {
    if candidates.len() > 1 {
        let stand_ins = candidates.iter().filter(|candidate| candidate.facts.replaced);
        let calls: Vec<_> = stand_ins.map(|stand_in| replacing(&stand_in.facts)).collect();
        let real = candidates.iter().filter(|candidate| !candidate.facts.replaced);
        let mut locations: Vec<_> = real.map(|candidate| candidate.facts.location).collect();
        locations.dedup();
        if calls.len() > 1 {
            problems.push(Problem::SuppliedTwice { service: candidates[0].site(), calls });
        }
        if locations.len() > 1 {
            problems.push(Problem::Duplicate { service: candidates[0].facts.name.clone(), locations });
        }
    }
    let chosen = candidates.iter().position(|candidate| candidate.facts.replaced).unwrap_or(0);
    candidates.into_iter().nth(chosen)
}

/// The builder's method that hands over a stand-in.
pub(super) fn replacing(stand_in: &Facts) -> &'static str {
    match stand_in.name.starts_with("dyn ") {
        true => "replace_dyn",
        false => "replace",
    }
}

/// By place and name; by key only where a macro makes two services of one name at one place.
fn compare(a: &Facts, b: &Facts) -> Ordering {
    let by_key = || match (&a.key, &b.key) {
        (Key::Type(a), Key::Type(b)) => a.cmp(b),
        (Key::Name(a), Key::Name(b)) => a.cmp(b),
        (Key::Type(_), Key::Name(_)) => Ordering::Less,
        (Key::Name(_), Key::Type(_)) => Ordering::Greater,
    };
    a.location.cmp(&b.location).then_with(|| a.name.cmp(&b.name)).then_with(by_key)
}
