//! [`Resolution`]: finds the service that a type, a trait object or a name means.

use std::collections::HashMap;
use std::slice;

use super::registered::Registered;
use super::similar::similar;
use crate::base::{Key, TypeMap};
use crate::report::NotFound;

/// For each definition and each of its dependencies: the services that the dependency means.
pub(super) type Targets<'a> = Vec<Vec<&'a [usize]>>;

/// Finds the service that a type, a trait object or a name means.
pub(super) struct Resolution<'a> {
    registered: &'a [Registered],
    /// Over all registered definitions.
    all: Index<'a>,
    /// Over the enabled ones; `None` before `when` was evaluated, or if every definition is enabled.
    on: Option<Index<'a>>,
}

struct Index<'a> {
    /// By type, and by trait object: all of its providers.
    types: TypeMap<Vec<usize>>,
    names: HashMap<&'a str, usize>,
}

impl<'a> Resolution<'a> {
    pub(super) fn new(registered: &'a [Registered]) -> Self {
        Self { registered, all: Index::new(registered, |_| true), on: None }
    }

    /// From now on, finds only enabled definitions.
    pub(super) fn narrow(&mut self, on: &[bool]) {
        if on.contains(&false) {
            self.on = Some(Index::new(self.registered, |at| on[at]));
        }
    }

    /// The services that the key means: none, one, or for a trait object all of its providers.
    pub(super) fn find(&self, key: &Key) -> &[usize] {
        self.on.as_ref().unwrap_or(&self.all).find(key)
    }

    /// The reason why [`find`](Self::find) returns none; `text` is what the user wrote.
    pub(super) fn absence(&self, key: &Key, text: &str) -> NotFound {
        let off = self.all.find(key).first().map(|&at| &self.registered[at]);
        if let Some((definition, when)) = off.and_then(|off| Some((off, off.facts.when?))) {
            return NotFound::Off { service: definition.service_location(), when: when.text };
        }
        match key {
            Key::Name(name) => {
                let names = self.registered.iter().map(|definition| definition.facts.name.as_str());
                NotFound::UnknownName { similar: similar(name, names) }
            }
            Key::Type(_) if text.starts_with("dyn ") => NotFound::NotProvided,
            Key::Type(_) => NotFound::Unregistered,
        }
    }
}

impl<'a> Index<'a> {
    /// A replacement for a trait object has the type of that object as its key, so it wins over the providers.
    fn new(registered: &'a [Registered], on: impl Fn(usize) -> bool) -> Self {
        let mut types = TypeMap::<Vec<usize>>::with_capacity_and_hasher(registered.len(), Default::default());
        let mut names = HashMap::with_capacity(registered.len());
        let mut provided = TypeMap::<Vec<usize>>::default();
        for (at, Registered { facts, .. }) in registered.iter().enumerate().filter(|&(at, _)| on(at)) {
            if let Key::Type(id) = facts.key {
                types.insert(id, vec![at]);
            }
            names.entry(facts.name.as_str()).or_insert(at);
            facts.provides.iter().for_each(|(id, _)| provided.entry(*id).or_default().push(at));
        }
        for (id, providers) in provided {
            types.entry(id).or_insert(providers);
        }
        Self { types, names }
    }

    fn find(&self, key: &Key) -> &[usize] {
        match key {
            Key::Type(id) => self.types.get(id).map_or(&[], Vec::as_slice),
            Key::Name(name) => self.names.get(&**name).map_or(&[], slice::from_ref),
        }
    }
}
