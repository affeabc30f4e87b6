//! [`TypeMap`]: a map by type.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by type. A [`TypeId`] is a hash already, so it is not hashed again.
pub(crate) type TypeMap<V> = HashMap<TypeId, V, BuildHasherDefault<TypeHasher>>;

/// Passes on what a [`TypeId`] writes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn write_u64(&mut self, hash: u64) {
        self.0 ^= hash;
    }

    /// For a standard library whose `TypeId` writes something else than one number.
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_apart() {
        let types = [TypeId::of::<u8>(), TypeId::of::<u16>(), TypeId::of::<str>(), TypeId::of::<dyn Send>()];
        let map: TypeMap<usize> = types.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        assert!(types.iter().enumerate().all(|(at, id)| map[id] == at), "{map:?}");
    }
}
