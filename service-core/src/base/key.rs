//! [`Key`]: what a dependency names.

use std::any::TypeId;

/// What a service is found by: its type (or a trait object it provides), or the name of a definition made at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Type(TypeId),
    Name(String),
}
