//! [`Key`]: how a service is found.

use std::any::TypeId;
use std::sync::Arc;

/// How a service is found: by its type or a trait object it provides, or by the name of a run-time definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Type(TypeId),
    Name(Arc<str>),
}
