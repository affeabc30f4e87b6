//! [`Registered`]: a registered definition that may become a service of the plan, in a fixed order instead of the linker's.

use std::any::TypeId;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::facts::Facts;
use crate::base::Key;
use crate::report::{Problem, ServiceLocation};

/// A registered definition that may become a service of the plan.
pub(super) struct Registered {
    pub facts: Facts,
    /// Its index in the catalog.
    pub source: usize,
}

impl Registered {
    pub(super) fn service_location(&self) -> ServiceLocation {
        ServiceLocation::new(&self.facts.name, self.facts.location)
    }
}

/// Sorts the catalog by location and name, and keeps one definition of each type.
///
/// The same type from the same location is the same definition, found twice: linked in, and added by the builder.
/// Names are not compared here, because a loop makes all of its run-time definitions at one location.
pub(super) fn collect(catalog: Vec<Facts>, problems: &mut Vec<Problem>) -> Vec<Registered> {
    let all = catalog.into_iter().enumerate();
    let mut all: Vec<_> = all.map(|(source, facts)| Registered { facts, source }).collect();
    all.sort_by(|a, b| compare(&a.facts, &b.facts));

    let mut index_of: HashMap<TypeId, usize> = HashMap::with_capacity(all.len());
    let mut places: Vec<Vec<Registered>> = Vec::with_capacity(all.len());
    for definition in all {
        let next = places.len();
        let place = match definition.facts.key {
            Key::Type(id) => *index_of.entry(id).or_insert(next),
            Key::Name(_) => next,
        };
        if place == next {
            places.push(Vec::with_capacity(1));
        }
        places[place].push(definition);
    }
    places.into_iter().filter_map(|registered| choose(registered, problems)).collect()
}

/// Of several definitions of one type, the replacement if there is one, else the first.
fn choose(registered: Vec<Registered>, problems: &mut Vec<Problem>) -> Option<Registered> {
    if registered.len() > 1 {
        let replacements = registered.iter().filter(|definition| definition.facts.replaced);
        let calls: Vec<_> = replacements.map(|replacement| replacing(&replacement.facts)).collect();
        let real = registered.iter().filter(|definition| !definition.facts.replaced);
        let mut locations: Vec<_> = real.map(|definition| definition.facts.location).collect();
        locations.dedup();
        if calls.len() > 1 {
            problems.push(Problem::SuppliedTwice { service: registered[0].service_location(), calls });
        }
        if locations.len() > 1 {
            problems.push(Problem::Duplicate { service: registered[0].facts.name.clone(), locations });
        }
    }
    let chosen = registered.iter().position(|definition| definition.facts.replaced).unwrap_or(0);
    registered.into_iter().nth(chosen)
}

/// The builder's method that supplied a replacement.
pub(super) fn replacing(replacement: &Facts) -> &'static str {
    match replacement.name.starts_with("dyn ") {
        true => "replace_dyn",
        false => "replace",
    }
}

/// By location and name; by key only where a macro makes two services of one name at one location.
fn compare(a: &Facts, b: &Facts) -> Ordering {
    let by_key = || match (&a.key, &b.key) {
        (Key::Type(a), Key::Type(b)) => a.cmp(b),
        (Key::Name(a), Key::Name(b)) => a.cmp(b),
        (Key::Type(_), Key::Name(_)) => Ordering::Less,
        (Key::Name(_), Key::Type(_)) => Ordering::Greater,
    };
    a.location.cmp(&b.location).then_with(|| a.name.cmp(&b.name)).then_with(by_key)
}
