//! The measurement and formatting of times.

use std::time::Duration;

/// Runs a measurement several times, and returns the shortest time of each of its parts.
pub fn best_of<const N: usize>(runs: usize, mut run: impl FnMut() -> [Duration; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..runs {
        let times = run();
        best = std::array::from_fn(|at| best[at].min(times[at]));
    }
    best
}

/// A time in milliseconds, with two decimals.
pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
