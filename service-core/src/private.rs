//! The door for generated code. Nothing here is part of the public shape.

pub use std::time::Duration;

pub use crate::act::{Declare, Declared as Definition, Home, Homed, Method, Panics, Policy, Refused};
pub use crate::face::{Call, Callee, Current, Entered, Entry, This, Trial, Way, argument, call, inventory};
pub use crate::fact::node::{Checked, Node, NodeRef, check};
pub use crate::fact::{Hidden, Location, NotCloned, Requires, Retry, Wants};
