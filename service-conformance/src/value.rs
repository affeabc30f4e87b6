//! [`Value`]: the value of a service of a plan.

use std::fmt;
use std::sync::Arc;

/// The value that an `init` returns, and that the registry gives to the services that depend on it. A cheap clone: all
/// clones are equal, and two runs of `init` never return equal values.
#[derive(Clone)]
pub struct Value {
    service: Arc<str>,
    serial: usize,
}

impl Value {
    pub(crate) fn new(service: Arc<str>, serial: usize) -> Self {
        Self { service, serial }
    }

    /// The name of the service whose `init` returned it.
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
