//! Lives of registries, simulated: those that once failed, many at random, every fault and every restart at every moment
//! of every small graph, and the time that a boot, a rollback and a shutdown take.

mod all;
mod exhaustive;
mod longest_path;
mod random;
mod restarts;

/// A number from the environment.
fn asked(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}
