//! Random calls of one instance that two registries share, made in the scope of either registry or of none, and by executors that are
//! not tokio; while each registry starts and stops a given value with hooks. A separate test binary, because a linked service
//! belongs to every registry.

#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

mod verdict;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{self, Poll};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use service_core::{Context, EventKind, Lifecycle, NotReady, Registry, Result, guarded, service};
use tokio::runtime::{self, Handle};
use tokio::time::{Instant, sleep, timeout};

use verdict::{ensure, judge_calls, judge_hooks};

const RUNS: u64 = 1_500;

/// How long a ledger waits for its calls.
const DRAIN: Duration = ms(50);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instance that both registries have. Its methods need no runtime.
#[service(lazy, autowire, drain_timeout = "50ms")]
struct Ledger {
    #[service(default = Handle::current())]
    runtime: Handle,
}

impl Ledger {
    /// A task of the runtime sleeps: the caller may be outside of it.
    async fn sleep(&self, time: u64) {
        let slept = self.runtime.spawn(async move { sleep(ms(time)).await });
        slept.await.expect("a sleep does not panic");
    }
}

#[guarded]
impl Ledger {
    pub async fn book(&self, call: Call, outcome: &Mutex<Outcome>) -> Result<(), NotReady> {
        // The registry in which this call runs.
        let world = Registry::current().expect("a call runs in a registry").get::<World>();
        lock(outcome).admitted_by = Some(world.map_or(Err(()), |world| Ok(world.number)));
        self.sleep(call.takes).await;
        if let Some(takes) = call.again {
            let again = self.nested(takes).await;
            lock(outcome).again_refused = again.is_err();
        }
        Ok(())
    }

    pub async fn nested(&self, takes: u64) -> Result<(), NotReady> {
        self.sleep(takes).await;
        Ok(())
    }
}

/// Which registry this is, and what its pool does.
#[service(given)]
struct World {
    number: usize,
    trace: Arc<Trace>,
    pool: PoolPlan,
}

/// What the hooks of a pool do, and how long they take.
#[derive(Clone, Copy, Debug)]
struct PoolPlan {
    is_given: bool,
    init: u64,
    start: u64,
    start_fails: bool,
    shutdown: u64,
}

/// The hooks of the pools: when, of which registry, and which.
struct Trace {
    began: Instant,
    hooks: Mutex<Vec<(Duration, usize, &'static str)>>,
}

impl Trace {
    fn record(&self, registry: usize, hook: &'static str) {
        lock(&self.hooks).push((self.began.elapsed(), registry, hook));
    }
}

/// A given value with hooks, or one that its `init` makes because none was given.
#[service(given, requires = [Ledger, World])]
struct Pool {
    number: usize,
    trace: Arc<Trace>,
    plan: PoolPlan,
}

impl Pool {
    fn of(world: &World) -> Self {
        Self { number: world.number, trace: world.trace.clone(), plan: world.pool }
    }
}

impl Lifecycle for Pool {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let world = cx.get::<World>();
        world.trace.record(world.number, "init");
        sleep(ms(world.pool.init)).await;
        Ok(Self::of(&world))
    }

    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        self.trace.record(self.number, "start");
        sleep(ms(self.plan.start)).await;
        if self.plan.start_fails { Err("no connection".into()) } else { Ok(()) }
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.trace.record(self.number, "shutdown");
        sleep(ms(self.plan.shutdown)).await;
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.trace.record(self.number, "drop");
    }
}

#[derive(Clone, Copy, Debug)]
struct Call {
    at: u64,
    takes: u64,
    /// It then calls the same instance again, for so long.
    again: Option<u64>,
    /// In whose scope it is made.
    scope: Option<usize>,
    /// An executor that is not tokio polls it.
    is_foreign: bool,
    /// The caller drops the call after this time.
    timeout: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// In which registry it ran, if it was admitted; an error if that registry gave no answer.
    admitted_by: Option<Result<usize, ()>>,
    ended: Duration,
    again_refused: bool,
    timed_out: bool,
}

/// A future that is polled on threads that know no runtime. The runtime waits for each poll, so that a run is deterministic.
struct Foreign<F>(Pin<Box<F>>);

impl<F: Future<Output: Send> + Send> Future for Foreign<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let (future, waker) = (&mut self.0, cx.waker().clone());
        let poll = || {
            assert!(Handle::try_current().is_err(), "this thread knows no runtime");
            future.as_mut().poll(&mut task::Context::from_waker(&waker))
        };
        thread::scope(|scope| scope.spawn(poll).join()).expect("a call does not panic")
    }
}

/// Calls begin and end at odd times, and shutdowns begin at even ones, so that no two of them are simultaneous.
fn random_call(rng: &mut Rng) -> Call {
    let even = |rng: &mut Rng, up_to: u64| 2 * rng.u64(0..=up_to / 2);
    Call {
        at: 1 + even(rng, 200),
        takes: even(rng, 80),
        again: (rng.u8(..4) == 0).then(|| even(rng, 40)),
        scope: [None, Some(0), Some(1)][rng.usize(..3)],
        is_foreign: rng.bool(),
        timeout: if rng.u8(..100) < 20 { 2 * rng.u64(1..=30) } else { 10_000 },
    }
}

fn random_pool(rng: &mut Rng) -> PoolPlan {
    PoolPlan {
        is_given: rng.u8(..4) > 0,
        init: 2 * rng.u64(0..=20),
        start: 2 * rng.u64(0..=20),
        start_fails: rng.u8(..10) == 0,
        shutdown: 2 * rng.u64(0..=20),
    }
}

async fn make_call(call: Call, ledger: Weak<Ledger>, registry: Option<Registry>, zero: Instant) -> Outcome {
    tokio::time::sleep_until(zero + ms(call.at)).await;
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let Some(ledger) = ledger.upgrade() else { unreachable!("the test holds it") };
    let inside = outcome.clone();
    let booking = async move {
        let booked = match registry {
            Some(registry) => registry.scope(ledger.book(call, &inside)).await,
            None => ledger.book(call, &inside).await,
        };
        assert_eq!(booked.is_ok(), lock(&inside).admitted_by.is_some(), "an admitted call succeeds, and no other");
    };
    let in_time = if call.is_foreign {
        timeout(ms(call.timeout), Foreign(Box::pin(booking))).await.is_ok()
    } else {
        timeout(ms(call.timeout), booking).await.is_ok()
    };
    let outcome = *lock(&outcome);
    Outcome { ended: zero.elapsed(), timed_out: !in_time, ..outcome }
}

/// When the ledger of a registry stopped admitting calls, and when it had waited for them; from the events.
#[derive(Clone, Copy, Debug)]
struct Stop {
    draining: Duration,
    stopping: Duration,
}

async fn boot(number: usize, pool: PoolPlan, ledger: &Arc<Ledger>, trace: &Arc<Trace>) -> Option<Registry> {
    let world = World { number, trace: trace.clone(), pool };
    let given = pool.is_given.then(|| Pool::of(&world));
    let builder = Registry::builder().isolated().replace::<Ledger>(ledger.clone()).give(world);
    let builder = match given {
        Some(given) => builder.give(given),
        None => builder.with::<Pool>(),
    };
    builder.boot().await.ok()
}

fn check_seed(seed: u64) {
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run(seed));
}

async fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let pools = [random_pool(&mut rng), random_pool(&mut rng)];
    let calls: Vec<_> = (0..rng.usize(1..=8)).map(|_| random_call(&mut rng)).collect();
    let uptimes = [2 * rng.u64(0..=100), 2 * rng.u64(0..=100)];

    let trace = Arc::new(Trace { began: Instant::now(), hooks: Mutex::default() });
    let ledger = Arc::new(Ledger { runtime: Handle::current() });
    let mut registries = Vec::new();
    for (number, pool) in pools.into_iter().enumerate() {
        registries.push(boot(number, pool, &ledger, &trace).await);
    }
    let zero = Instant::now();
    let mut running = Vec::new();
    for &call in &calls {
        let scope = call.scope.and_then(|number| registries[number].clone());
        running.push(tokio::spawn(make_call(call, Arc::downgrade(&ledger), scope, zero)));
    }
    let mut stops = Vec::new();
    for (registry, uptime) in registries.iter().cloned().zip(uptimes) {
        stops.push(tokio::spawn(async move {
            let registry = registry?;
            tokio::time::sleep_until(zero + ms(uptime)).await;
            // Its report is not clean if calls have not ended; what counts here is when it did what.
            let _ = registry.shutdown().await;
            Some(stop_of(&registry, zero))
        }));
    }
    let mut outcomes = Vec::new();
    for call in running {
        outcomes.push(call.await.unwrap_or_else(|error| panic!("SEED={seed}: {error}")));
    }
    let mut stopped = Vec::new();
    for stop in stops {
        stopped.push(stop.await.unwrap_or_else(|error| panic!("SEED={seed}: {error}")));
    }
    drop(registries);
    let hooks = lock(&trace.hooks).clone();
    let judged = judge_calls(&calls, &outcomes, &stopped)
        .and_then(|()| judge_hooks(&pools, &hooks))
        .and_then(|()| ensure(Arc::strong_count(&ledger) == 1, "no registry holds the instance after its end"));
    judged.unwrap_or_else(|violation| {
        panic!("{violation}\nSEED={seed}\n{pools:#?}\n{calls:#?}\n{outcomes:#?}\n{stopped:?}\n{hooks:#?}")
    });
}

fn stop_of(registry: &Registry, zero: Instant) -> Stop {
    let mut stop = Stop { draining: Duration::MAX, stopping: Duration::MAX };
    let end = registry.events().last().map(|event| event.at).unwrap_or_default();
    // Events count from the beginning of the boot.
    let since = |at: Duration| zero.elapsed() - (end - at);
    for event in registry.events() {
        match event.kind {
            EventKind::Draining { ref service } if &**service == "Ledger" => stop.draining = since(event.at),
            EventKind::Stopping { ref service } if &**service == "Ledger" => stop.stopping = since(event.at),
            _ => {}
        }
    }
    stop
}

#[test]
fn calls_of_a_shared_instance_count_in_the_registry_in_which_they_run() {
    match std::env::var("SEED") {
        Ok(seed) => check_seed(seed.parse().expect("SEED must be a number")),
        Err(_) => (0..RUNS).for_each(check_seed),
    }
}
