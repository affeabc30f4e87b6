//! One instance in several registries, as when parallel tests share a database: each call counts in the registry in which it
//! runs.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use service_core::{NotReady, Registry, Result, State, guarded, service};
use tests::{Latch, isolated, ms, secs};
use tokio::runtime::Builder;
use tokio::task::{JoinSet, yield_now};

#[service(lazy, autowire)]
struct Database {
    ends: Latch,
    calls: AtomicU32,
}

/// What a call finds out about the registry in which it runs.
#[service(lazy, autowire)]
struct Tenant {
    number: u32,
}

#[guarded]
impl Database {
    pub async fn query(&self) -> Result<(), NotReady> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.ends.opened().await;
        Ok(())
    }

    pub async fn tenant(&self) -> Result<u32, NotReady> {
        Ok(Tenant::service().await?.number)
    }

    /// Calls the same instance as soon as the latch opens, and returns the state of the registry in which that call runs.
    pub async fn nested(&self) -> Result<State, NotReady> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.ends.opened().await;
        self.state_around().await
    }

    pub async fn state_around(&self) -> Result<State, NotReady> {
        Ok(Registry::current().map_or(State::Idle, |registry| registry.state::<Self>()))
    }

    pub fn count(&self) -> Result<u32, NotReady> {
        yield_thread();
        Ok(self.calls.load(Ordering::SeqCst))
    }
}

fn yield_thread() {
    std::thread::yield_now();
}

fn database() -> Arc<Database> {
    Arc::new(Database { ends: Latch::new(), calls: AtomicU32::new(0) })
}

async fn with(database: &Arc<Database>, number: u32) -> Result<Registry> {
    Ok(isolated().replace::<Database>(database.clone()).replace::<Tenant>(Tenant { number }).boot().await?)
}

#[tokio::test(start_paused = true)]
async fn a_call_uses_the_services_of_the_registry_in_which_it_runs() -> Result<()> {
    let database = database();
    let registries = [with(&database, 1).await?, with(&database, 2).await?, with(&database, 3).await?];
    for _ in 0..2 {
        for (number, registry) in (1..).zip(&registries) {
            assert_eq!(registry.scope(database.tenant()).await?, number);
            let spawned = database.clone();
            assert_eq!(registry.spawn(async move { spawned.tenant().await }).await??, number);
        }
    }
    for registry in registries {
        registry.shutdown().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_calls_of_its_own_registry_only() -> Result<()> {
    // The call runs in the first or in the second registry; the other one shuts down first.
    for caller in [0, 1] {
        let database = database();
        let registries = [with(&database, 1).await?, with(&database, 2).await?];
        let called = database.clone();
        let call = registries[caller].spawn(async move { called.query().await });
        while database.calls.load(Ordering::SeqCst) == 0 {
            yield_now().await;
        }
        let other = registries[1 - caller].shutdown().await?;
        assert_eq!(other.total, ms(0), "it has no call: {other}");
        let own = tokio::spawn({
            let registry = registries[caller].clone();
            async move { registry.shutdown().await }
        });
        while registries[caller].state::<Database>() != State::Draining {
            yield_now().await;
        }
        tokio::time::sleep(secs(1)).await;
        assert!(!own.is_finished(), "its own call is not over");
        database.ends.open();
        call.await??;
        let report = own.await??;
        assert_eq!(report.total, secs(1), "{report}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_a_call_stays_in_its_registry_although_that_drains() -> Result<()> {
    let database = database();
    let [first, second] = [with(&database, 1).await?, with(&database, 2).await?];
    let called = database.clone();
    let call = second.spawn(async move { called.nested().await });
    while database.calls.load(Ordering::SeqCst) == 0 {
        yield_now().await;
    }
    second.request_shutdown("test");
    while second.state::<Database>() != State::Draining {
        yield_now().await;
    }
    database.ends.open();
    assert_eq!(call.await??, State::Draining);
    second.stopped().await?;
    first.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_takes_over_a_shared_instance_counts_its_own_calls_only() -> Result<()> {
    let database = database();
    let [first, second] = [with(&database, 1).await?, with(&database, 2).await?];
    first.shutdown().await?;
    let third = with(&database, 3).await?;
    assert_eq!(second.scope(database.tenant()).await?, 2);
    assert_eq!(third.scope(database.tenant()).await?, 3);
    let called = database.clone();
    let call = second.spawn(async move { called.query().await });
    while database.calls.load(Ordering::SeqCst) == 0 {
        yield_now().await;
    }
    assert_eq!(third.shutdown().await?.total, ms(0), "it has no call");
    database.ends.open();
    call.await??;
    second.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_is_refused_only_if_no_registry_is_up() -> Result<()> {
    for first_down in [0, 1] {
        let database = database();
        let registries = [with(&database, 1).await?, with(&database, 2).await?];
        assert_eq!(database.count()?, 0, "without a scope");
        registries[first_down].shutdown().await?;
        for _ in 0..4 {
            assert_eq!(database.count()?, 0, "without a scope");
            for registry in &registries {
                assert_eq!(registry.scope(async { database.count() }).await?, 0);
            }
        }
        registries[1 - first_down].shutdown().await?;
        assert_eq!(database.count().expect_err("both are down").state(), State::Stopped);
        // A later registry takes it in again.
        let third = with(&database, 3).await?;
        assert_eq!(database.count()?, 0);
        assert_eq!(third.scope(database.tenant()).await?, 3);
        third.shutdown().await?;
    }
    Ok(())
}

#[test]
fn registries_that_come_and_go_do_not_disturb_the_calls_of_another_one() -> Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    runtime.block_on(async {
        let database = database();
        let registry = with(&database, 0).await?;
        let over = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for _ in 0..3 {
            let (database, registry, over) = (database.clone(), registry.clone(), over.clone());
            callers.spawn(async move {
                let mut calls = 0_u32;
                while !over.load(Ordering::Relaxed) {
                    registry.scope(async { database.count() }).await?;
                    assert_eq!(registry.scope(database.tenant()).await?, 0);
                    calls += 1;
                    // A task that never yields keeps what it wakes from running.
                    yield_now().await;
                }
                Ok::<_, NotReady>(calls)
            });
        }
        let began = Instant::now();
        for number in 1..=200 {
            let other = with(&database, number).await?;
            assert_eq!(other.scope(database.tenant()).await?, number);
            let report = other.shutdown().await?;
            assert!(report.is_clean(), "{report}");
            if began.elapsed() > secs(5) {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        while let Some(calls) = callers.join_next().await {
            assert!(calls?? > 0);
        }
        assert!(registry.shutdown().await?.is_clean());
        Ok(())
    })
}
