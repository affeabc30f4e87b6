//! The bridge from threads to the runtime, on the real clock: its callers block.
#![cfg(feature = "bridge")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::future::pending;
use std::sync::Arc;
use std::thread;

use harness::{ms, settle};
use service_core::{Context, Definition, Registry, Result};
use service_toolkit::Bridge;
use service_toolkit::bridge::BridgeError;
use tokio::sync::oneshot;

struct Started {
    bridge: Bridge,
    cx: Context<Started>,
}

async fn start() -> Result<(Registry, Arc<Started>)> {
    let service = Definition::new("bridge").init(async |cx| Ok(Started { bridge: Bridge::new(&cx), cx }));
    let registry = Registry::builder().isolated().define(service).only_named("bridge").boot().await?;
    let started = registry.get_named::<Started>("bridge")?;
    Ok((registry, started))
}

/// Runs a closure on a thread without a runtime.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, result) = oneshot::channel();
    thread::spawn(move || drop(sender.send(work())));
    result.await.unwrap()
}

#[tokio::test]
async fn a_thread_gets_the_result_of_a_future_that_runs_on_the_runtime() -> Result<()> {
    let (registry, started) = start().await?;
    let (bridge, here) = (started.bridge.clone(), thread::current().id());
    let future = async move {
        tokio::time::sleep(ms(1)).await;
        (thread::current().id() == here, Registry::current().is_some())
    };
    assert_eq!(on_a_thread(move || bridge.block_on(future)).await?, (true, true));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_thread_of_a_runtime_gets_an_error_at_once() -> Result<()> {
    let (registry, started) = start().await?;
    let error = started.bridge.block_on(pending::<()>()).unwrap_err();
    assert_eq!(error, BridgeError::InRuntime);
    let text = "the bridge would block a thread of a tokio runtime; await the future instead, \
                or call the bridge in a thread of its own or of a `BlockingPool`";
    assert_eq!(error.to_string(), text);
    // In a future of its own, too.
    let (bridge, nested) = (started.bridge.clone(), started.bridge.clone());
    let nested = on_a_thread(move || bridge.block_on(async move { nested.block_on(pending::<()>()) }));
    assert_eq!(nested.await?, Err(BridgeError::InRuntime));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_panic_is_an_error() -> Result<()> {
    let (registry, started) = start().await?;
    let bridge = started.bridge.clone();
    let error = on_a_thread(move || bridge.block_on(async { panic!("seeded") as () })).await.unwrap_err();
    assert_eq!(error.to_string(), "the future that the bridge ran panicked: seeded");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_service_frees_the_threads_that_wait() -> Result<()> {
    let (registry, started) = start().await?;
    let (bridge, cx) = (started.bridge.clone(), started.cx.clone());
    drop(started);
    let (begins, begun) = oneshot::channel();
    let waits = bridge.clone();
    let waits = tokio::spawn(on_a_thread(move || {
        waits.block_on(async {
            begins.send(()).unwrap();
            pending::<()>().await;
        })
    }));
    begun.await?;
    // A task of the service can use it until it has ended.
    let (uses, stopping) = (bridge.clone(), cx.clone());
    let last = cx.spawn_job("last", async move {
        stopping.stopping().cancelled().await;
        on_a_thread(move || uses.block_on(settle())).await
    });
    registry.shutdown().await?;
    last.await?;
    assert_eq!(waits.await?, Err(BridgeError::Ended));
    assert_eq!(on_a_thread(move || bridge.block_on(async {})).await, Err(BridgeError::Ended));
    let late = Bridge::new(&cx);
    assert_eq!(on_a_thread(move || late.block_on(async {})).await, Err(BridgeError::Ended));
    Ok(())
}

#[test]
fn the_end_of_the_runtime_frees_the_threads_that_wait() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_registry, started) = runtime.block_on(start()).unwrap();
    let (bridge, (begins, begun)) = (started.bridge.clone(), std::sync::mpsc::channel());
    let waits = thread::spawn(move || {
        bridge.block_on(async move {
            begins.send(()).unwrap();
            pending::<()>().await;
        })
    });
    begun.recv().unwrap();
    drop(runtime);
    assert_eq!(waits.join().unwrap(), Err(BridgeError::Ended));
    assert_eq!(started.bridge.block_on(async {}), Err(BridgeError::Ended));
}

#[test]
fn a_bridge_that_has_ended_returns_an_error_although_nobody_drives_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (registry, started) = runtime.block_on(start()).unwrap();
    let (bridge, second) = (started.bridge.clone(), started.bridge.clone());
    let (sender, result) = std::sync::mpsc::channel();
    let sends = sender.clone();
    // It waits when the bridge ends, and the runtime is not driven afterwards.
    let waits = thread::spawn(move || sends.send(bridge.block_on(pending::<()>())).unwrap());
    runtime.block_on(async { registry.shutdown().await }).unwrap();
    thread::spawn(move || sender.send(second.block_on(async {})).unwrap());
    for _ in 0..2 {
        assert_eq!(result.recv_timeout(ms(10_000)), Ok(Err(BridgeError::Ended)));
    }
    waits.join().unwrap();
    drop(runtime);
}
