//! Guarded calls that block a thread of the runtime are reported while they do so, as far as a runtime with several threads
//! allows.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use service_core::{Builder, Event, EventKind, Registry, Result, guarded, service};
use tests::{isolated, ms};
use tokio::time::sleep;

/// What a call blocks on: it says that it has begun, and ends when the other sender is gone, or after a time in which the test has
/// long failed.
struct Block {
    begun: Sender<()>,
    ends: Receiver<()>,
}

impl Block {
    fn block(&self) -> Result<()> {
        self.begun.send(())?;
        let _ = self.ends.recv_timeout(Duration::from_secs(20));
        Ok(())
    }
}

#[service(lazy, autowire, drain_timeout = "2500ms")]
struct Gateway {}

#[guarded]
impl Gateway {
    pub fn sync_call(&self, block: &Block) -> Result<()> {
        block.block()
    }

    pub async fn first_poll(&self, block: Block) -> Result<()> {
        block.block()
    }

    pub async fn later_poll(&self, block: Block) -> Result<()> {
        sleep(ms(10)).await;
        block.block()
    }
}

/// The events about blocked threads: how many, of how many, and the calls.
fn gateway() -> (Builder, Receiver<(usize, usize, Vec<String>)>) {
    let (found, events) = channel();
    let found = std::sync::Mutex::new(found);
    let listener = move |event: &Event| {
        if let EventKind::BlockedThreads { threads, of, elapsed, calls } = &event.kind {
            assert!(*elapsed >= Duration::from_secs(1));
            let calls = calls.iter().map(ToString::to_string).collect();
            // A test that has what it waits for has dropped the receiver.
            drop(found.lock().expect("only this listener sends").send((*threads, *of, calls)));
        }
    };
    (isolated().with::<Gateway>().on_event(listener), events)
}

/// Makes a call that blocks, waits until it does, and returns what ends it. The thread of the test is not one of the runtime's.
fn call(registry: &Registry, method: &str) -> Result<Sender<()>> {
    let gateway = registry.get::<Gateway>()?;
    let (begun, has_begun) = channel();
    let (end, ends) = channel();
    let block = Block { begun, ends };
    match method {
        "sync_call" => drop(tokio::spawn(async move { gateway.sync_call(&block) })),
        "first_poll" => drop(tokio::spawn(async move { gateway.first_poll(block).await })),
        "later_poll" => drop(tokio::spawn(async move { gateway.later_poll(block).await })),
        "on a thread for blocking work" => drop(tokio::task::spawn_blocking(move || gateway.sync_call(&block))),
        other => unreachable!("{other}"),
    }
    has_begun.recv()?;
    Ok(end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_guarded_call_that_blocks_its_thread_is_reported_while_it_blocks() -> Result<()> {
    for method in ["sync_call", "first_poll", "later_poll"] {
        let (builder, events) = gateway();
        let registry = builder.boot().await?;
        let _no_thread_of_the_runtime = call(&registry, "on a thread for blocking work")?;
        let _end = call(&registry, method)?;
        let reported = events.recv_timeout(Duration::from_secs(20))?;
        let calls = match method {
            "sync_call" => vec!["2 × Gateway.sync_call".to_owned()],
            method => vec!["1 × Gateway.sync_call".to_owned(), format!("1 × Gateway.{method}")],
        };
        let (threads, of, mut found) = reported;
        found.sort_unstable_by_key(|call| calls.iter().position(|expected| expected == call));
        assert_eq!((threads, of, found), (1, 3, calls));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_report_of_a_shutdown_says_that_a_call_that_did_not_end_blocks_its_thread() -> Result<()> {
    for (method, blocks) in [("later_poll", true), ("on a thread for blocking work", false)] {
        let (builder, _events) = gateway();
        let registry = builder.boot().await?;
        let end = call(&registry, method)?;
        let error = registry.shutdown().await.expect_err("a call does not end").to_string();
        drop(end);
        let said = error.contains("1 of the 3 threads of the runtime is blocked, for ");
        assert_eq!(said, blocks, "{method}: {error}");
    }
    Ok(())
}
