//! Generated sequences of operations on a pool agree with a stack of objects, and several threads with a set.
#![cfg(feature = "object_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use harness::{ms, paused, poll_once, seeds};
use service_core::{Context, Definition, Registry};
use service_toolkit::ObjectPool;
use service_toolkit::object_pool::{PoolError, Pooled};
use tokio::task::yield_now;

/// What the objects and the code around them have done.
#[derive(Default)]
struct World {
    random: fastrand::Rng,
    made: usize,
    alive: HashSet<usize>,
    closed: HashSet<usize>,
    /// How many makers and checks run.
    busy: usize,
    /// The objects whose check has begun since the model looked.
    checked: Vec<usize>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<World>>);

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Waits for a random number of polls. Returns whether that fails.
    async fn busy(&self) -> Result<(), &'static str> {
        struct Busy(Shared);
        impl Drop for Busy {
            fn drop(&mut self) {
                self.0.world().busy -= 1;
            }
        }
        self.world().busy += 1;
        let _busy = Busy(self.clone());
        let polls = self.world().random.u8(0..4);
        for _ in 0..polls {
            yield_now().await;
        }
        let answer = self.world().random.u8(0..10);
        match answer {
            0 => Err("no answer"),
            1 => std::panic::panic_any("seeded"),
            _ => Ok(()),
        }
    }
}

struct Object {
    number: usize,
    is_closed: bool,
    shared: Shared,
}

impl Drop for Object {
    fn drop(&mut self) {
        assert!(self.shared.world().alive.remove(&self.number));
    }
}

async fn start(shared: &Shared, max: usize) -> (Registry, ObjectPool<Object>) {
    let shared = shared.clone();
    let service = Definition::new("pool").shutdown_timeout(ms(1000)).init(move |cx: Context<ObjectPool<Object>>| {
        let (makes, closes, checks) = (shared.clone(), shared.clone(), shared.clone());
        let make = move || {
            let shared = makes.clone();
            async move {
                shared.busy().await?;
                let mut world = shared.world();
                let number = world.made;
                world.made += 1;
                world.alive.insert(number);
                drop(world);
                Ok::<_, &str>(Object { number, is_closed: false, shared })
            }
        };
        let check = move |object: Object| {
            let shared = checks.clone();
            shared.world().checked.push(object.number);
            async move { shared.busy().await.map(|()| object) }
        };
        let close = move |object: Object| {
            let shared = closes.clone();
            async move {
                yield_now().await;
                assert!(shared.world().closed.insert(object.number), "it is closed once");
            }
        };
        let pool = ObjectPool::builder("a", max, make).check(check).is_closed(|object| object.is_closed);
        async move { Ok(pool.close_with(close).start(&cx).await?) }
    });
    let registry = Registry::builder().isolated().define(service).only_named("pool").boot().await.unwrap();
    let pool = registry.get_named::<ObjectPool<Object>>("pool").unwrap();
    (registry, (*pool).clone())
}

#[test]
fn generated_sequences_agree_with_a_stack() {
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"seeded") {
            eprintln!("{panic}");
        }
    }));
    seeds(300, |seed| paused(sequence(seed)));
}

type Get = Pin<Box<dyn Future<Output = Result<Pooled<Object>, PoolError>>>>;

/// The model: the free objects, the latest last. Each get may be dropped at each of its polls.
async fn sequence(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let shared = Shared::default();
    shared.world().random = fastrand::Rng::with_seed(seed + 1);
    let max = random.usize(1..4);
    let (registry, pool) = start(&shared, max).await;
    let (mut gets, mut guards, mut idle) = (Vec::<Get>::new(), Vec::<Pooled<Object>>::new(), Vec::new());
    let (mut taken, mut broken) = (0, 0);
    for step in 0..200 {
        yield_now().await;
        match random.u8(0..8) {
            0..3 => {
                let pool = pool.clone();
                gets.push(Box::pin(async move { pool.get().await }));
            }
            3..6 if !guards.is_empty() => {
                let mut guard = guards.swap_remove(random.usize(0..guards.len()));
                match random.u8(0..6) {
                    0 => {
                        drop(guard.take());
                        taken += 1;
                    }
                    1 => {
                        guard.is_closed = true;
                        broken += 1;
                    }
                    _ => idle.push(guard.number),
                }
            }
            6 if !gets.is_empty() => drop(gets.remove(random.usize(0..gets.len()))),
            _ => {}
        }
        // An object that became free reaches a caller that waits, at the latest when everything was polled often enough.
        let mut rounds = 0;
        let (metrics, busy, alive) = loop {
            let mut index = 0;
            while index < gets.len() {
                let poll = poll_once(gets[index].as_mut());
                // A check takes the object that was returned last.
                let checked = std::mem::take(&mut shared.world().checked);
                for number in checked {
                    assert_eq!(Some(number), idle.pop(), "step {step}");
                }
                match poll {
                    Poll::Pending => index += 1,
                    Poll::Ready(result) => {
                        drop(gets.remove(index));
                        match result {
                            Ok(guard) => guards.push(guard),
                            Err(error) => assert!(matches!(error, PoolError::Make { .. }), "step {step}: {error}"),
                        }
                    }
                }
            }
            let (metrics, world) = (pool.metrics(), shared.world());
            if metrics.waiting == 0 || metrics.in_use == max {
                break (metrics, world.busy, world.alive.len());
            }
            drop(world);
            rounds += 1;
            assert!(rounds < 100, "step {step}: a caller waits for an object that is free");
        };
        assert_eq!(metrics.idle, idle.len(), "step {step}");
        assert_eq!(metrics.in_use, guards.len() + busy, "step {step}");
        assert_eq!(metrics.waiting, gets.len() - busy, "step {step}");
        assert!(alive <= max && metrics.in_use <= max, "step {step}: the bound");
        let numbers: HashSet<_> = guards.iter().map(|guard| guard.number).collect();
        assert_eq!(numbers.len(), guards.len(), "step {step}: each has its own");
    }
    drop(gets);
    assert_eq!(pool.metrics().waiting, 0);
    assert_eq!(pool.metrics().in_use, guards.len());
    let end = tokio::spawn(async move { registry.shutdown().await.is_ok() });
    for guard in guards {
        tokio::time::sleep(ms(random.u64(0..3))).await;
        drop(guard);
    }
    assert!(end.await.unwrap());
    let (world, metrics) = (shared.world(), pool.metrics());
    assert_eq!(world.alive.len(), 0, "nothing is left");
    assert_eq!((metrics.made, metrics.taken), (world.made as u64, taken));
    assert!(metrics.broken >= broken, "those that failed a check are more");
    assert_eq!(metrics.retired, world.closed.len() as u64);
    assert_eq!(metrics.made, metrics.broken + metrics.taken + metrics.retired, "each has one end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_threads_share_no_object_and_none_waits_for_ever() {
    let (made, used) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(HashSet::new())));
    let makes = made.clone();
    let service = Definition::new("pool").init(move |cx: Context<ObjectPool<usize>>| {
        let made = makes.clone();
        let make = move || std::future::ready(Ok::<_, String>(made.fetch_add(1, Ordering::Relaxed)));
        async move { Ok(ObjectPool::builder("a", 3, make).start(&cx).await?) }
    });
    let registry = Registry::builder().isolated().define(service).only_named("pool").boot().await.unwrap();
    let pool = registry.get_named::<ObjectPool<usize>>("pool").unwrap();
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let (pool, used) = (pool.clone(), used.clone());
            tokio::spawn(async move {
                for round in 0..500 {
                    if caller == 0 && round % 5 == 0 {
                        drop(tokio::time::timeout(ms(0), pool.get()).await);
                        continue;
                    }
                    let object = pool.get().await.unwrap();
                    assert!(used.lock().unwrap().insert(*object), "another caller has it");
                    yield_now().await;
                    assert!(used.lock().unwrap().remove(&*object));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let metrics = pool.metrics();
    assert_eq!((metrics.in_use, metrics.waiting, metrics.timed_out), (0, 0, 0));
    assert!(made.load(Ordering::Relaxed) <= 3, "an object that works is not replaced");
    registry.shutdown().await.unwrap();
}
