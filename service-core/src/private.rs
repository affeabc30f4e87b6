//! The door for generated code. Nothing here is part of the public shape.

pub use inventory;

pub use crate::act::{Carries, Panics, Refused, Declare, Declared as Definition, Home, Homed, Method, Policy};
pub use crate::face::{Call, Entered, Entry, Trial, Who, argument, call, enter};
pub use crate::fact::{Hidden, Place, Requires, Retry, Wants};
pub use crate::fact::node::*;
