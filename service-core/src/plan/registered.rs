//! [`Registered`]: a registered definition that may become a service of the plan, in a fixed order instead of the linker's.

use std::cmp::Ordering;

use super::facts::Facts;
use crate::base::{Key, TypeMap, sort_by};
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
    sort_by(&mut all, |a, b| compare(&a.facts, &b.facts));

    let mut place_of = TypeMap::<usize>::with_capacity_and_hasher(all.len(), Default::default());
    let mut one_each: Vec<Registered> = Vec::with_capacity(all.len());
    // Further definitions of the type at a place; there are hardly ever any.
    let mut further: Vec<(usize, Registered)> = Vec::new();
    for definition in all {
        let next = one_each.len();
        let place = match definition.facts.key {
            Key::Type(id) => *place_of.entry(id).or_insert(next),
            Key::Name(_) => next,
        };
        match place == next {
            true => one_each.push(definition),
            false => further.push((place, definition)),
        }
    }
    sort_by(&mut further, |a, b| a.0.cmp(&b.0));
    let mut further = further.into_iter().peekable();
    while let Some(&(place, _)) = further.peek() {
        let same = std::iter::from_fn(|| further.next_if(|(at, _)| *at == place));
        choose(&mut one_each[place], same.map(|(_, definition)| definition).collect(), problems);
    }
    one_each
}

/// Of several definitions of one type, keeps the replacement if there is one, else the first.
fn choose(first: &mut Registered, further: Vec<Registered>, problems: &mut Vec<Problem>) {
    let all = || std::iter::once(&*first).chain(&further);
    let calls: Vec<_> = all().filter(|it| it.facts.replaced).map(|it| replacing(&it.facts)).collect();
    let mut locations: Vec<_> = all().filter(|it| !it.facts.replaced).map(|it| it.facts.location).collect();
    locations.dedup();
    if calls.len() > 1 {
        problems.push(Problem::SuppliedTwice { service: first.service_location(), calls });
    }
    if locations.len() > 1 {
        problems.push(Problem::Duplicate { service: first.facts.name.clone(), locations });
    }
    if !first.facts.replaced
        && let Some(replacement) = further.into_iter().find(|it| it.facts.replaced)
    {
        *first = replacement;
    }
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
