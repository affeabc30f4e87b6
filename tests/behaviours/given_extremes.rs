//! Given values that are made by `autowire`, whose hooks hang, or whose destructor blocks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use service_core::{Context, Health, Lifecycle, Result, service};
use tests::isolated;

/// A value whose `init` the macro writes.
#[service(given, lazy, autowire)]
struct Quota {
    clinging: Option<Arc<Clinging>>,
    limit: u32,
}

#[tokio::test(start_paused = true)]
async fn autowire_makes_a_value_that_was_not_given() -> Result<()> {
    for (builder, limit) in [(isolated().give(Quota { clinging: None, limit: 7 }), 7), (isolated(), 0)] {
        let registry = builder.with::<Quota>().boot().await?;
        let quota = registry.get::<Quota>()?;
        assert_eq!((quota.limit, quota.clinging.is_some()), (limit, false));
        drop(quota);
        registry.shutdown().await?;
    }
    Ok(())
}

/// A value whose hooks never end.
#[service(given, lazy, health_timeout = "2s", shutdown_timeout = "3s")]
struct Stuck {
    is_checked: AtomicBool,
}

impl Lifecycle for Stuck {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("a value is given".into())
    }

    async fn health(&self) -> Health {
        if self.is_checked.swap(true, Ordering::SeqCst) { std::future::pending().await } else { Health::Healthy }
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_hooks_of_a_given_value_have_budgets() -> Result<()> {
    let registry = isolated().give(Stuck { is_checked: AtomicBool::new(false) }).only::<Stuck>().boot().await?;
    let health = registry.health().await.health();
    assert_eq!(health, Health::unhealthy("its check timed out after 2s"));
    let unclean = registry.shutdown().await.expect_err("its shutdown hangs");
    assert!(unclean.to_string().contains("shutdown of Stuck did not end within 3s"), "{unclean}");
    Ok(())
}

/// A value whose destructor blocks its thread until the other end is dropped.
#[service(given, lazy, autowire)]
struct Clinging {
    #[service(default)]
    until: Option<Mutex<mpsc::Receiver<()>>>,
}

impl Drop for Clinging {
    fn drop(&mut self) {
        if let Some(until) = &self.until {
            let _ = until.lock().expect("no holder panics").recv();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_never_started_and_blocks_its_thread_does_not_hold_up_the_shutdown() -> Result<()> {
    let (dropped, until) = mpsc::channel();
    let registry = isolated().give(Clinging { until: Some(Mutex::new(until)) }).boot().await?;
    registry.shutdown().await?;
    drop(dropped);
    Ok(())
}
