//! The catalog: every service that is linked into the process. The only file that names inventory.

pub use inventory;

use crate::service::Declared;

/// One linked service. The macro submits one for each.
#[derive(Debug)]
pub struct Entry {
    definition: fn() -> Declared,
}

impl Entry {
    /// The entry of a service with this definition.
    pub const fn new(definition: fn() -> Declared) -> Self {
        Self { definition }
    }
}

inventory::collect!(Entry);

/// Every linked service, in an unspecified order.
pub(crate) fn linked() -> Vec<Declared> {
    inventory::iter::<Entry>().map(|entry| (entry.definition)()).collect()
}
