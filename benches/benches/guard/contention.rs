//! [`Contention`]: several threads call one service, or share a counter, an `Arc` or a lock instead.

use std::sync::atomic::Ordering;
use std::sync::{Barrier, PoisonError};
use std::time::{Duration, Instant};

use benches::best_of;
use service_core::Result;

use crate::fixture::Fixture;

const RUNS: usize = 9;
const CALLS: u64 = 200_000;

/// The operations, in the order of [`Contention::times`].
pub(crate) const OPERATIONS: [&str; 4] =
    ["guarded call", "one shared counter", "`Arc` clone and drop", "`RwLock<Arc<_>>` read and clone"];

/// The times of a number of threads that run at once.
pub(crate) struct Contention {
    pub(crate) threads: usize,
    /// How long one thread took for all of its calls, for each operation.
    pub(crate) times: [Duration; 4],
    pub(crate) calls: u64,
}

pub(crate) fn measure() -> Result<Vec<Contention>> {
    let fixture = Fixture::boot()?;
    let Fixture { ledger, lock, counter, .. } = &fixture;
    let mut measured = Vec::new();
    for threads in [1, 2, 4, 8] {
        let times = best_of(RUNS, || {
            [
                run_together(threads, || drop(std::hint::black_box(ledger.guarded(1)))),
                run_together(threads, || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    counter.fetch_sub(1, Ordering::SeqCst);
                }),
                run_together(threads, || drop(std::hint::black_box(ledger.clone()))),
                run_together(threads, || drop(lock.read().unwrap_or_else(PoisonError::into_inner).clone())),
            ]
        });
        measured.push(Contention { threads, times, calls: CALLS });
    }
    fixture.shutdown()?;
    Ok(measured)
}

/// The time between the first start and the last end. The threads take the time themselves, because the thread that starts them
/// may not be scheduled.
fn run_together(threads: usize, act: impl Fn() + Sync) -> Duration {
    let ready = Barrier::new(threads);
    let run = || {
        ready.wait();
        let began = Instant::now();
        for _ in 0..CALLS {
            act();
        }
        (began, Instant::now())
    };
    let times: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().expect("the operations do not panic")).collect()
    });
    let began = times.iter().map(|(began, _)| *began).min();
    let ended = times.iter().map(|(_, ended)| *ended).max();
    began.zip(ended).map_or(Duration::ZERO, |(began, ended)| ended - began)
}
