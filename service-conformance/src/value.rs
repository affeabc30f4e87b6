//! [`Value`]: what a scripted `init` makes.

use std::fmt;
use std::sync::Arc;

/// What a scripted `init` makes, and what the subject hands to those that depend on it. A cheap clone: all clones are
/// the same value, and no two runs of `init` make the same.
#[derive(Clone)]
pub struct Value {
    service: Arc<str>,
    serial: usize,
}

impl Value {
    pub(crate) fn new(service: Arc<str>, serial: usize) -> Self {
        Self { service, serial }
    }

    /// The name of the service whose `init` made it.
    pub fn service(&self) -> &str {
        &self.service
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial && self.service == other.service
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.service, self.serial)
    }
}
