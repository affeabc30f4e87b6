//! The order in which a bridge and a blocking pool of one service end, on the real clock.
#![cfg(feature = "blocking_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::pin::pin;
use std::sync::mpsc::channel;

use harness::poll_once;
use service_core::{Context, Definition, Registry, Result};
use service_toolkit::bridge::BridgeError;
use service_toolkit::{BlockingPool, Bridge};

#[tokio::test]
async fn a_bridge_that_was_made_before_the_pool_serves_its_last_closures() -> Result<()> {
    for (bridge_is_first, expected) in [(true, Ok(1)), (false, Err(BridgeError::Ended))] {
        let service = Definition::new("files").init(move |cx: Context<(BlockingPool, Bridge)>| async move {
            let first = bridge_is_first.then(|| Bridge::new(&cx));
            let pool = BlockingPool::start(&cx, "files", 1, 1)?;
            Ok((pool, first.unwrap_or_else(|| Bridge::new(&cx))))
        });
        let registry = Registry::builder().isolated().define(service).only_named("files").boot().await?;
        let started = registry.get_named::<(BlockingPool, Bridge)>("files")?;
        let (pool, bridge) = (&started.0, started.1.clone());
        let (goes_on, latch) = channel::<()>();
        let mut last = pin!(pool.run(move || {
            assert!(latch.recv().is_err(), "it is dropped");
            bridge.block_on(async { 1 })
        }));
        assert!(poll_once(last.as_mut()).is_pending());
        let shutdown = tokio::spawn(async move { registry.shutdown().await.is_ok() });
        // Until the pool takes no more work.
        while poll_once(pin!(pool.run(|| ()))).is_pending() {
            tokio::task::yield_now().await;
        }
        drop(goes_on);
        assert_eq!(last.await?, expected);
        assert!(shutdown.await?);
    }
    Ok(())
}
