//! Commands for the command line of a program: `my-app graph`, `my-app graph diff old.json`, `my-app boot --timeline`.
//!
//! [`Builder::launch_or_command`](crate::Builder::launch_or_command) gives them to a program in one line. A program that has arguments
//! of its own uses [`Command::parse`].

pub use crate::registry::{Command, CommandError, HELP};
