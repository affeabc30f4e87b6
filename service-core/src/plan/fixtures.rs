//! Fixtures: services and plans for tests.

use std::any::TypeId;
use std::time::Duration;

use super::facts::{Bond, Dependency, Facts, When};
use super::plan::Plan;
use super::prove::prove;
use super::request::{Request, Requested};
use crate::base::{Key, Location};
use crate::report::PlanError;

/// A type for each number, and so a key for each.
struct Numbered<const N: usize>;

/// The key of a type or trait object with this text: `A` to `Z`, or `dyn A` to `dyn Z`, each its own.
pub(crate) fn key(text: &str) -> Key {
    macro_rules! types {
        ($($n:literal)*) => { [$(TypeId::of::<Numbered<$n>>()),*] };
    }
    let types = types!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25
        26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51);
    let (letter, offset) = text.strip_prefix("dyn ").map_or((text, 0), |letter| (letter, 26));
    match letter.as_bytes() {
        [letter @ b'A'..=b'Z'] => Key::Type(types[usize::from(letter - b'A') + offset]),
        _ => Key::Name(text.into()),
    }
}

/// A service called `name`, declared at `src/<name>.rs:3`; one that is not a single capital is made at run time.
pub(crate) fn service(name: &str) -> Facts {
    let key = key(name);
    let name_is_chosen = matches!(key, Key::Name(_));
    Facts { name_is_chosen, ..Facts::new(name.to_owned(), key, at(name.to_lowercase().leak(), 3)) }
}

pub(crate) fn at(file: &str, line: u32) -> Location {
    Location::new("shop", format!("src/{file}.rs").leak(), line, 1)
}

impl Facts {
    fn depends(mut self, texts: &[&str], bond: Bond) -> Self {
        let dependency = |text: &&str| Dependency { key: key(text), text: (*text).into(), bond };
        self.dependencies.extend(texts.iter().map(dependency));
        self
    }

    pub(crate) fn requires(self, texts: &[&str]) -> Self {
        self.depends(texts, Bond::Requires)
    }

    pub(crate) fn wants(self, texts: &[&str]) -> Self {
        self.depends(texts, Bond::Wants)
    }

    pub(crate) fn after(self, texts: &[&str]) -> Self {
        self.depends(texts, Bond::After)
    }

    pub(crate) fn provides(mut self, text: &'static str) -> Self {
        let Key::Type(id) = key(text) else { panic!("{text} is no trait object") };
        self.provides.push((id, text));
        self
    }

    pub(crate) fn when(mut self, text: &'static str, holds: fn() -> bool) -> Self {
        self.when = Some(When { text, holds });
        self
    }

    pub(crate) fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), name_is_chosen: true, ..self }
    }

    pub(crate) fn placed(self, location: Location) -> Self {
        Self { location, ..self }
    }

    pub(crate) fn lazy(self) -> Self {
        Self { lazy: true, ..self }
    }

    pub(crate) fn given(self) -> Self {
        Self { given: true, lacks_value: true, ..self }
    }

    pub(crate) fn supplied(self) -> Self {
        Self { lacks_value: false, ..self }
    }

    pub(crate) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    pub(crate) fn replaced(self) -> Self {
        Self { replaced: true, lacks_value: false, ..self }
    }
}

pub(crate) fn requested(texts: &[&str]) -> Vec<Requested> {
    texts.iter().map(|text| Requested { key: key(text), text: (*text).to_owned() }).collect()
}

pub(crate) fn only(texts: &[&str]) -> Request {
    Request { only: requested(texts), ..Request::default() }
}

pub(crate) fn with(texts: &[&str]) -> Request {
    Request { with: requested(texts), ..Request::default() }
}

pub(crate) fn give(texts: &[&str]) -> Request {
    Request { supplied: requested(texts), ..Request::default() }
}

/// The plan of a sound catalog.
pub(crate) fn plan(catalog: Vec<Facts>) -> Plan {
    plan_for(catalog, &Request::default())
}

pub(crate) fn plan_for(catalog: Vec<Facts>, request: &Request) -> Plan {
    prove(catalog, request).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of an unsound catalog.
pub(crate) fn error(catalog: Vec<Facts>) -> PlanError {
    error_for(catalog, &Request::default())
}

pub(crate) fn error_for(catalog: Vec<Facts>, request: &Request) -> PlanError {
    prove(catalog, request).err().unwrap_or_else(|| panic!("the plan is sound"))
}

/// The names of a plan's services, in its order.
pub(crate) fn names(plan: &Plan) -> Vec<&str> {
    plan.services().iter().map(|planned| planned.facts.name.as_str()).collect()
}

/// The names of the services that a boot starts.
pub(crate) fn eager(plan: &Plan) -> Vec<&str> {
    plan.services().iter().filter(|planned| planned.eager).map(|planned| planned.facts.name.as_str()).collect()
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Pseudo-random numbers from a seed (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last + 1));
        }
    }
}
