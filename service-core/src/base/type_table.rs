//! [`TypeTable`]: numbers by type, for looking up.

use std::any::TypeId;
use std::hash::{Hash, Hasher};

use super::type_map::TypeHasher;

/// Numbers by type, fixed when it is made. Finding one takes about a third of the instructions of a `HashMap`.
#[derive(Debug)]
pub(crate) struct TypeTable {
    /// A power of two, at least twice as many as there are types; each type is at the first free place from its hash on.
    places: Box<[Option<(TypeId, usize)>]>,
}

impl TypeTable {
    /// Of several numbers of one type, the first is kept.
    pub(crate) fn new(numbers: &[(TypeId, usize)]) -> Self {
        let mut table = Self { places: vec![None; (2 * numbers.len()).next_power_of_two().max(2)].into() };
        for (id, number) in numbers {
            let last = table.places.len() - 1;
            let mut at = hash(id);
            // Ends, because there are free places.
            while table.places[at & last].is_some_and(|(known, _)| known != *id) {
                at += 1;
            }
            table.places[at & last].get_or_insert((*id, *number));
        }
        table
    }

    #[inline]
    pub(crate) fn get(&self, id: &TypeId) -> Option<usize> {
        let mut at = hash(id);
        loop {
            match &self.places[at & (self.places.len() - 1)] {
                Some((known, number)) if known == id => return Some(*number),
                Some(_) => at += 1,
                None => return None,
            }
        }
    }
}

#[inline]
fn hash(id: &TypeId) -> usize {
    let mut hasher = TypeHasher::default();
    id.hash(&mut hasher);
    // So that a place further on is still a number.
    hasher.finish() as usize >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_found_and_no_other() {
        let types = [TypeId::of::<u8>(), TypeId::of::<u16>(), TypeId::of::<str>(), TypeId::of::<dyn Send>()];
        for known in 0..=types.len() {
            let numbers: Vec<_> = types[..known].iter().enumerate().map(|(at, &id)| (id, at)).collect();
            let table = TypeTable::new(&numbers);
            for (at, id) in types.iter().enumerate() {
                assert_eq!(table.get(id), (at < known).then_some(at));
            }
        }
        let twice = TypeTable::new(&[(types[0], 7), (types[0], 8)]);
        assert_eq!(twice.get(&types[0]), Some(7));
    }
}
