//! Simulations: recorded regressions, random runs, every fault and every restart at every moment on every small graph, and
//! the durations of boot, rollback and shutdown.

mod exhaustive;
mod longest_path;
mod parallel;
mod random;
mod restarts;

/// The number in an environment variable.
fn number_from_env(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} must be a number, not {value}")))
}
