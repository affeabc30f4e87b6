//! [`is_toolkit`]: the attributes whose order on a function matters, and which is outside of which.
//!
//! The compiler expands the upper attribute first, and what it wraps around the body is then inside of all others. Readers expect
//! the opposite: the upper attribute is outside. So each attribute looks at those below it and changes the order if necessary.

use syn::Attribute;

/// The attributes of service-toolkit.
const TOOLKIT: [&str; 4] = ["operation", "retry", "cached", "error_boundary"];

/// Whether this is an attribute of service-toolkit, by its name.
pub(crate) fn is_toolkit(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| TOOLKIT.iter().any(|name| last.ident == name))
}
