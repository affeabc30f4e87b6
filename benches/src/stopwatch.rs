//! Taking times, and writing them down.

use std::time::Duration;

/// The shortest of so many runs, of each thing that a run times: what is left when nothing else got in the way.
pub fn best_of<const N: usize>(runs: usize, mut run: impl FnMut() -> [Duration; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..runs {
        let times = run();
        best = std::array::from_fn(|at| best[at].min(times[at]));
    }
    best
}

/// In milliseconds, with two decimals.
pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
