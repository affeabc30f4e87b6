//! Several threads on one service, beside what they would otherwise share: a counter, an `Arc`, a lock around one.

use std::sync::atomic::Ordering;
use std::sync::{Barrier, PoisonError};
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

/// From the first to begin to the last to end; they tell it themselves, because whoever started them may not get a turn.
fn together(threads: usize, act: impl Fn() + Sync) -> Duration {
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
        runs.into_iter().map(|run| run.join().expect("nothing here panics")).collect()
    });
    let began = times.iter().map(|(began, _)| *began).min();
    let ended = times.iter().map(|(_, ended)| *ended).max();
    began.zip(ended).map_or(Duration::ZERO, |(began, ended)| ended - began)
}
