//! The catalog: every service that is linked into the process. The only file that names inventory.

pub use inventory;

use crate::service::Declared;

/// One linked service. The macro submits one for each.
#[derive(Debug)]
pub struct Entry {
    declared: fn() -> Declared,
}

impl Entry {
    /// The entry of a service.
    pub const fn new(declared: fn() -> Declared) -> Self {
        Self { declared }
    }
}

inventory::collect!(Entry);

/// Every linked service, in an unspecified order.
pub(crate) fn linked() -> Vec<Declared> {
    inventory::iter::<Entry>().map(|entry| (entry.declared)()).collect()
}
