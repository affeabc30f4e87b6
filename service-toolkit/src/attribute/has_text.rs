//! [`HasText`]: what the errors of functions with attributes can do.

use std::fmt;

/// The error of a function with one of the attributes. A trait, so that the compiler can say in our words that a type is not one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Display`, and the attribute logs it; implement `Display` for it"
)]
pub trait HasText: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<E: fmt::Display> HasText for E {}
