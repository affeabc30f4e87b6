//! Guarded calls from real threads during a shutdown: every call is either admitted or refused, and every admitted call ends
//! before the service stops.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use service_core::{Context, Lifecycle, NotReady, Result, guarded, service};
use tests::isolated;

const ROUNDS: usize = 60;
const THREADS: usize = 4;

#[service(lazy, autowire)]
struct Account {
    begun: AtomicU64,
    ended: AtomicU64,
    down: AtomicBool,
    /// How many calls had ended when `shutdown` ran.
    found: AtomicU64,
}

/// The guarded service. It books each call in the account, which outlives it.
#[service(lazy, requires = [Account])]
struct Till {
    account: Arc<Account>,
}

impl Lifecycle for Till {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { account: cx.get() })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.account.down.store(true, Ordering::SeqCst);
        assert_eq!(self.account.begun.load(Ordering::SeqCst), self.account.ended.load(Ordering::SeqCst));
        self.account.found.store(self.account.ended.load(Ordering::SeqCst), Ordering::SeqCst);
        Ok(())
    }
}

impl Till {
    fn book(&self) {
        self.account.begun.fetch_add(1, Ordering::SeqCst);
        assert!(!self.account.down.load(Ordering::SeqCst), "a call runs after the shutdown");
        std::hint::spin_loop();
        self.account.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[guarded]
impl Till {
    pub fn pay(&self) -> Result<(), NotReady> {
        self.book();
        Ok(())
    }

    pub async fn pay_later(&self) -> Result<(), NotReady> {
        tokio::task::yield_now().await;
        self.book();
        Ok(())
    }
}

#[derive(Default)]
struct Tried {
    attempted: u64,
    admitted: u64,
    refused: u64,
}

/// Calls the till until a hundred calls have been refused.
fn customer(till: &Till, start: &Barrier) -> Tried {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut tried = Tried::default();
    start.wait();
    while tried.refused < 100 {
        tried.attempted += 1;
        let paid = if tried.attempted % 3 == 0 { runtime.block_on(till.pay_later()) } else { till.pay() };
        match paid {
            Ok(()) => tried.admitted += 1,
            Err(_) => tried.refused += 1,
        }
    }
    tried
}

async fn round() -> Result<u64> {
    let account = Account {
        begun: AtomicU64::new(0),
        ended: AtomicU64::new(0),
        down: AtomicBool::new(false),
        found: AtomicU64::new(0),
    };
    let account = Arc::new(account);
    let registry = isolated().replace::<Account>(account.clone()).only::<Till>().boot().await?;
    let till = registry.get::<Till>()?;
    let start = Arc::new(Barrier::new(THREADS + 1));
    let customers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (till, start) = (till.clone(), start.clone());
            thread::spawn(move || customer(&till, &start))
        })
        .collect();
    start.wait();
    // The shutdown begins when a few thousand calls have ended.
    while account.ended.load(Ordering::SeqCst) < 2_000 {
        tokio::task::yield_now().await;
    }
    let report = registry.shutdown().await?;
    assert!(report.is_clean(), "{report}");
    let tried: Vec<_> = customers.into_iter().map(|it| it.join().expect("no call runs after the shutdown")).collect();
    let sum = |count: fn(&Tried) -> u64| tried.iter().map(count).sum::<u64>();
    assert_eq!(sum(|it| it.admitted) + sum(|it| it.refused), sum(|it| it.attempted));
    assert_eq!(sum(|it| it.admitted), account.ended.load(Ordering::SeqCst), "every admitted call ran");
    assert_eq!(sum(|it| it.admitted), account.found.load(Ordering::SeqCst), "the drain waited for every admitted call");
    Ok(sum(|it| it.admitted))
}

// shows: S14, S18
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_from_real_threads_is_either_drained_or_refused() -> Result<()> {
    let mut admitted = 0;
    for _ in 0..ROUNDS {
        admitted += round().await?;
    }
    assert!(admitted >= ROUNDS as u64 * 2_000);
    Ok(())
}
