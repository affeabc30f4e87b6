//! [`Resolution`]: which service is meant by a type, a trait object or a name.

use std::any::TypeId;
use std::collections::HashMap;
use std::slice;

use super::registered::Candidate;
use super::similar::similar;
use crate::base::Key;
use crate::report::NotFound;

/// For each candidate, for each of its dependencies, what that dependency means.
pub(super) type Meanings<'a> = Vec<Vec<&'a [usize]>>;

/// Which service is meant by a type, a trait object or a name.
pub(super) struct Resolution<'a> {
    candidates: &'a [Candidate],
    /// All that are registered.
    registered: Index<'a>,
    /// Those of them that are not off; `None` while that is not known, or where none is.
    on: Option<Index<'a>>,
}

struct Index<'a> {
    /// By type, and by trait object: all that provide it.
    types: HashMap<TypeId, Vec<usize>>,
    names: HashMap<&'a str, usize>,
}

impl<'a> Resolution<'a> {
    pub(super) fn new(candidates: &'a [Candidate]) -> Self {
        Self { candidates, registered: Index::new(candidates, |_| true), on: None }
    }

    /// From now on, finds only what is on.
    pub(super) fn narrow(&mut self, on: &[bool]) {
        if on.contains(&false) {
            self.on = Some(Index::new(self.candidates, |at| on[at]));
        }
    }

    /// What the key means: nothing, one service, or, for a trait object, all that provide it.
    pub(super) fn find(&self, key: &Key) -> &[usize] {
        self.on.as_ref().unwrap_or(&self.registered).find(key)
    }

    /// Why [`find`](Self::find) finds nothing; `text` is what the user wrote.
    pub(super) fn absence(&self, key: &Key, text: &str) -> NotFound {
        let off = self.registered.find(key).first().map(|&at| &self.candidates[at]);
        if let Some((candidate, when)) = off.and_then(|off| Some((off, off.facts.when?))) {
            return NotFound::Off { service: candidate.site(), when: when.text };
        }
        match key {
            Key::Name(name) => {
                let names = self.candidates.iter().map(|candidate| candidate.facts.name.as_str());
                NotFound::UnknownName { similar: similar(name, names) }
            }
            Key::Type(_) if text.starts_with("dyn ") => NotFound::NotProvided,
            Key::Type(_) => NotFound::Unregistered,
        }
    }
}

impl<'a> Index<'a> {
    /// A stand-in for a trait object has that object's type for a key, so it comes before all that provide it.
    fn new(candidates: &'a [Candidate], on: impl Fn(usize) -> bool) -> Self {
        let mut types: HashMap<TypeId, Vec<usize>> = HashMap::with_capacity(candidates.len());
        let mut names = HashMap::with_capacity(candidates.len());
        let mut provided: HashMap<TypeId, Vec<usize>> = HashMap::new();
        for (at, Candidate { facts, .. }) in candidates.iter().enumerate().filter(|&(at, _)| on(at)) {
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
            Key::Name(name) => self.names.get(name.as_str()).map_or(&[], slice::from_ref),
        }
    }
}
