//! Guarded methods that a `macro_rules!` declares: their receivers and outputs arrive in invisible delimiters.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use service_core::{NotReady, Registry, Result, State, guarded, service};
use tests::{isolated, ms};
use tokio::time::sleep;

/// Guards methods whose receivers and outputs come from outside.
macro_rules! worker {
    ($name:ident, $own:ty, $held:ty, $boxed:ty, $unit:ty, $opaque:ty) => {
        #[service(lazy, autowire)]
        struct $name {
            ended: AtomicBool,
        }

        #[guarded]
        impl $own {
            pub fn boxed(self: $held) -> $boxed {
                Box::pin(async move { self.work().await })
            }

            pub fn opaque(self: $held) -> $opaque {
                async move { self.work().await }
            }

            pub fn plain(&self) -> $unit {
                Ok(())
            }
        }

        impl $name {
            async fn work(&self) -> $unit {
                sleep(ms(50)).await;
                self.ended.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    };
}

type Done = Result<(), NotReady>;

worker!(
    Worker,
    Worker,
    Arc<Self>,
    Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send>>,
    Done,
    impl Future<Output = Done> + Send
);

macro_rules! worker_twice {
    ($name:ident, $own:ty, $held:ty, $boxed:ty, $unit:ty, $opaque:ty) => {
        worker!($name, $own, $held, $boxed, $unit, $opaque);
    };
}

worker_twice!(
    WorkerTwice,
    WorkerTwice,
    Arc<Self>,
    Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send>>,
    Done,
    impl Future<Output = Done> + Send
);

/// Shuts down while the future runs; it has ended by then.
async fn is_drained(registry: Registry, call: impl Future<Output = Done> + Send + 'static, ended: impl Fn() -> bool) {
    let call = tokio::spawn(call);
    sleep(ms(10)).await;
    assert!(!ended());
    registry.shutdown().await.expect("a clean shutdown");
    assert!(ended(), "the shutdown waits for the call");
    call.await.expect("no panic").expect("no refusal");
}

#[tokio::test(start_paused = true)]
async fn a_future_whose_type_comes_from_a_macro_is_drained() -> Result<()> {
    macro_rules! drained {
        ($($service:ident)*) => {
            $(for opaque in [false, true] {
                let registry = isolated().only::<$service>().boot().await?;
                let worker = registry.get::<$service>()?;
                worker.plain()?;
                let call = worker.clone();
                let call = async move { if opaque { call.opaque().await } else { call.boxed().await } };
                is_drained(registry, call, || worker.ended.load(Ordering::Relaxed)).await;
                assert_eq!(worker.plain().map_err(|refusal| refusal.state()), Err(State::Stopped));
            })*
        };
    }
    drained!(Worker WorkerTwice);
    Ok(())
}

#[async_trait]
trait Job: Send + Sync {
    async fn run(self: Arc<Self>) -> Done;
}

/// Guards a trait's methods, for a type from outside.
macro_rules! job {
    ($($order:meta),* => $own:ty) => {
        $(#[$order])*
        impl Job for $own {
            async fn run(self: Arc<Self>) -> Done {
                self.work().await
            }
        }
    };
}

job!(async_trait, guarded => Worker);
job!(guarded, async_trait => WorkerTwice);

#[tokio::test(start_paused = true)]
async fn a_trait_method_for_a_type_from_a_macro_is_drained() -> Result<()> {
    let registry = isolated().only::<Worker>().boot().await?;
    let worker = registry.get::<Worker>()?;
    is_drained(registry, worker.clone().run(), || worker.ended.load(Ordering::Relaxed)).await;

    let registry = isolated().only::<WorkerTwice>().boot().await?;
    let worker = registry.get::<WorkerTwice>()?;
    is_drained(registry, worker.clone().run(), || worker.ended.load(Ordering::Relaxed)).await;
    Ok(())
}
