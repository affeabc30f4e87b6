//! [`Identity`]: what the compile-time search for cycles recognizes a service by.

use crate::base::Location;

/// What a service is recognized by: hashes of its crate, and of where in the crate it is declared.
pub struct Identity {
    pub(super) krate: u64,
    pub(super) hash: u64,
}

impl Identity {
    pub(super) const fn of(type_name: &str, location: Location) -> Self {
        let (krate, module) = split(location.module);
        let krate = hash(SEED, krate);
        // Without the crate's name and the file's: the text of an error must not depend on where the project lies.
        let hash = hash(hash(SEED, module), type_name);
        let hash = mix(mix(hash, location.line as u64), location.column as u64);
        Self { krate, hash }
    }
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The crate of a module's path, and the rest.
const fn split(module: &str) -> (&str, &str) {
    let mut at = 0;
    while at < module.len() && module.as_bytes()[at] != b':' {
        at += 1;
    }
    module.split_at(at)
}

/// FNV-1a over the bytes of a text, and a separator.
const fn hash(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    mix(hash, 0xff)
}

/// The finish of MurmurHash3: every bit of the input reaches every bit of the result, which is never 0 (an empty slot).
const fn mix(hash: u64, more: u64) -> u64 {
    let mut hash = hash ^ more.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash ^ (hash >> 33)) | 1
}
