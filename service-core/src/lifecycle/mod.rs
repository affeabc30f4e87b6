//! Executes what the machine decides: the driver, the runner of each service's steps, starting, stopping, hooks.

mod diagnostics;
mod driver;
mod hook;
mod launch;
mod runner;
mod start;
mod stop;

pub(crate) use launch::launch;
