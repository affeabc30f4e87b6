//! Concurrent health requests: which callers share a check, and when a shared check ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use service_core::{Definition, Health, HealthReport, Registry, Result};
use tests::{Latch, isolated, ms, secs};
use tokio::time::{Instant, sleep};

/// A service that is healthy at its start. Its later checks hang until they time out after 2 s.
fn hangs(asked: &Arc<AtomicU32>, held: &Arc<()>) -> Definition<()> {
    let (asked, held) = (asked.clone(), held.clone());
    Definition::new("hangs").health_timeout(secs(2)).health(move |_| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let held = held.clone();
        async move {
            let _held = held;
            if !first {
                std::future::pending::<()>().await;
            }
            Health::Healthy
        }
    })
}

fn request(registry: &Registry) -> tokio::task::JoinHandle<HealthReport> {
    let registry = registry.clone();
    tokio::spawn(async move { registry.health().await })
}

// shows: H04
#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_a_check_that_is_already_running() -> Result<()> {
    let asked = Arc::default();
    let registry = isolated().define(hangs(&asked, &Arc::default())).boot().await?;
    let began = Instant::now();
    let requests: Vec<_> = (0..6).map(|_| request(&registry)).collect();
    for request in requests {
        assert_eq!(request.await?.services[0].health, Health::unhealthy("its check timed out after 2s"));
    }
    assert_eq!(began.elapsed(), secs(2));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once at boot, and once for all callers");
    registry.shutdown().await?;
    Ok(())
}

// shows: H06
#[tokio::test(start_paused = true)]
async fn a_group_is_reported_at_once_while_the_check_of_another_group_hangs() -> Result<()> {
    let quickly = Arc::new(AtomicU32::new(0));
    let count = quickly.clone();
    let quick = Definition::new("quick").init(async |_| Ok(())).health(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Health::Healthy }
    });
    let hangs = hangs(&Arc::default(), &Arc::default());
    let registry = isolated().define(hangs).define(quick.tag("storage")).boot().await?;
    let all = request(&registry);
    sleep(secs(1)).await;
    let began = Instant::now();
    assert_eq!(registry.health_of("storage").await.health(), Health::Healthy);
    assert_eq!(began.elapsed(), ms(0));
    assert_eq!(quickly.load(Ordering::SeqCst), 3, "at boot, in the shared check, and in the check of the group");
    assert!(!all.is_finished());
    registry.shutdown().await?;
    all.await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shared_check_continues_until_its_last_caller_is_gone() -> Result<()> {
    let (asked, held) = (Arc::default(), Arc::new(()));
    let registry = isolated().define(hangs(&asked, &held)).boot().await?;
    let idle = Arc::strong_count(&held);
    let began = Instant::now();
    let (first, second, third) = (request(&registry), request(&registry), request(&registry));
    sleep(secs(1)).await;
    first.abort();
    for request in [second, third] {
        assert_eq!(request.await?.services[0].health, Health::unhealthy("its check timed out after 2s"));
    }
    assert_eq!((began.elapsed(), asked.load(Ordering::SeqCst)), (secs(2), 2));

    let (first, second) = (request(&registry), request(&registry));
    for (request, left) in [(first, 1), (second, 0)] {
        sleep(ms(100)).await;
        request.abort();
        sleep(ms(100)).await;
        assert_eq!(Arc::strong_count(&held) - idle, left);
    }
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn a_shared_check_goes_on_if_the_runtime_of_its_first_caller_ends() -> Result<()> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build();
    let (asked, ends, (own, other)) = (Arc::new(AtomicU32::new(0)), Latch::new(), (runtime()?, runtime()?));
    let (count, latch) = (asked.clone(), ends.clone());
    let waits = Definition::new("db").health(move |_| {
        let (is_first, latch) = (count.fetch_add(1, Ordering::SeqCst) == 0, latch.clone());
        async move {
            if !is_first {
                latch.opened().await;
            }
            Health::degraded("slow")
        }
    });
    let registry = own.block_on(async { isolated().define(waits).boot().await })?;
    let ask = || {
        let registry = registry.clone();
        async move { registry.health().await }
    };
    let until_it_waits = || async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    };
    other.spawn(ask());
    other.block_on(until_it_waits());
    let second = own.spawn(ask());
    own.block_on(until_it_waits());
    drop(other);
    own.block_on(until_it_waits());
    ends.open();
    assert_eq!(own.block_on(second)?.services[0].health, Health::degraded("slow"));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the second caller shares the check");
    own.block_on(registry.shutdown())?;
    Ok(())
}
