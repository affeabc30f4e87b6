//! The door for generated code. Nothing here is part of the public shape.

pub use std::time::Duration;

pub use crate::base::{Location, Retry};
pub use crate::gate::{Home, Homed, Method, Panics, Policy, Refused};
pub use crate::guard::{Call, Callee, Current, Entered, This, Way, call};
pub use crate::plan::node::{Checked, Node, NodeRef, check};
pub use crate::plan::{Hidden, NotCloned, Requires, Wants};
pub use crate::registry::{Entry, Trial, argument, inventory};
pub use crate::service::{Declare, Declared as Definition};
