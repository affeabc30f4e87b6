//! Several threads on one service, beside what they would otherwise share: a counter, an `Arc`, a lock around one.

use std::sync::Barrier;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use benches::best_of;
use service_core::Result;

use crate::subject::Subject;

const RUNS: usize = 9;
const CALLS: u64 = 200_000;

/// The columns of the table.
pub(crate) const WAYS: [&str; 4] =
    ["guarded call", "one shared counter", "`Arc` clone and drop", "`RwLock<Arc<_>>` read and clone"];

/// So many threads at once, and how long each of them took for one call, in each of the ways.
pub(crate) struct Crowd {
    pub(crate) threads: usize,
    pub(crate) times: [Duration; 4],
    pub(crate) calls: u64,
}

pub(crate) fn measure() -> Result<Vec<Crowd>> {
    let subject = Subject::up()?;
    let Subject { ledger, lock, counter, .. } = &subject;
    let mut crowds = Vec::new();
    for threads in [1, 2, 4, 8] {
        let times = best_of(RUNS, || {
            [
                together(threads, || drop(std::hint::black_box(ledger.guarded(1)))),
                together(threads, || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    counter.fetch_sub(1, Ordering::SeqCst);
                }),
                together(threads, || drop(std::hint::black_box(ledger.clone()))),
                together(threads, || drop(lock.read().unwrap_or_else(PoisonError::into_inner).clone())),
            ]
        });
        crowds.push(Crowd { threads, times, calls: CALLS });
    }
    subject.down()?;
    Ok(crowds)
}

/// From the moment all threads stand ready to the end of the last.
fn together(threads: usize, act: impl Fn() + Sync) -> Duration {
    let ready = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                ready.wait();
                for _ in 0..CALLS {
                    act();
                }
            });
        }
        ready.wait();
        Instant::now()
    })
    .elapsed()
}
