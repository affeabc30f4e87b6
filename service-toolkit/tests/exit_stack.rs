//! The exit stack, on the paused clock.
#![cfg(feature = "exit_stack")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use host::{Log, Seed, settle};
use service_core::{Registry, Result};
use service_toolkit::ExitStack;
use service_toolkit::exit_stack::ExitError;
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// What was cleaned up, in order.
#[derive(Clone, Default)]
struct Cleaned(Arc<Mutex<Vec<String>>>);

impl Cleaned {
    /// A cleanup that takes a second.
    fn slowly(&self, name: &str) -> impl Future<Output = ()> + Send + 'static {
        let (list, name) = (self.0.clone(), name.to_string());
        async move {
            sleep(SECOND).await;
            list.lock().unwrap().push(name);
        }
    }

    fn at_once(&self, name: &str) -> impl Future<Output = ()> + Send + 'static {
        let (list, name) = (self.0.clone(), name.to_string());
        async move { list.lock().unwrap().push(name) }
    }

    fn list(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn close_runs_the_cleanups_in_reverse_and_goes_on_after_a_failure() {
    let (registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let mut stack = ExitStack::new(&cx, "work");
    stack.push("a", cleaned.slowly("a"));
    stack.push("fails", async { Err::<(), _>("no network") });
    let broken = stack.len() == 2;
    stack.push("panics", async move { assert!(!broken, "no disk") });
    stack.push("b", cleaned.slowly("b"));
    assert_eq!(stack.len(), 4);
    let error = stack.close().await.unwrap_err();
    assert_eq!(cleaned.list(), ["b", "a"]);
    assert_eq!(error.to_string(), "2 of 4 cleanups failed: panics: it panicked: no disk; fails: no network");
    assert!(registry.shutdown().await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn manage_gives_the_resource_and_closes_it() {
    let (_registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let mut stack = ExitStack::new(&cx, "work");
    let list = cleaned.clone();
    let resource = stack.manage("session", 7, move |it| async move { list.at_once(&it.to_string()).await });
    assert_eq!((*resource, cleaned.list().len()), (7, 0));
    stack.close().await.unwrap();
    assert_eq!(cleaned.list(), ["7"]);
}

#[tokio::test(start_paused = true)]
async fn a_scope_closes_after_success_and_after_an_error_before_it_returns() {
    let (log, _guard) = Log::start();
    let (_registry, cx, _) = host::boot().await;
    for fails in [false, true] {
        let cleaned = Cleaned::default();
        let list = cleaned.clone();
        let cx = cx.clone();
        let work = async move |stack: &mut ExitStack| {
            stack.push("a", list.slowly("a"));
            stack.push("b", list.slowly("b"));
            if fails { Err("no rows".into()) } else { Result::Ok(5) }
        };
        // In a task, because the future of a scope is `Send`.
        let result: Result<i32> = tokio::spawn(async move { ExitStack::scope(&cx, "work", work).await }).await.unwrap();
        assert_eq!(cleaned.list(), ["b", "a"]);
        assert_eq!(result.map_err(|error| error.to_string()), if fails { Err("no rows".into()) } else { Ok(5) });
    }
    let both = ExitStack::scope(&cx, "work", async |stack| {
        stack.push("a", async { Err::<(), _>("no network") });
        Result::<()>::Err("no rows".into())
    });
    assert_eq!(both.await.unwrap_err().to_string(), "no rows");
    assert!(log.text().contains("no network"), "{}", log.text());
    let cleanup = ExitStack::scope(&cx, "work", async |stack| {
        stack.push("a", async { Err::<(), _>("no network") });
        Result::Ok(())
    });
    let cleanup: Result<()> = cleanup.await;
    assert!(cleanup.unwrap_err().is::<ExitError>());
}

#[tokio::test(start_paused = true)]
async fn a_work_that_is_cancelled_or_panics_is_cleaned_up_in_the_background() {
    for panics in [false, true] {
        let (registry, cx, _) = host::boot().await;
        let cleaned = Cleaned::default();
        let list = cleaned.clone();
        let work = tokio::spawn(async move {
            let mut stack = ExitStack::new(&cx, "work");
            stack.push("a", list.slowly("a"));
            stack.push("b", list.slowly("b"));
            assert!(!panics, "a bug");
            pending::<()>().await;
            stack.close().await
        });
        settle().await;
        work.abort();
        assert!(work.await.is_err());
        // The shutdown waits for the cleanups.
        assert!(registry.shutdown().await.unwrap().is_clean());
        assert_eq!(cleaned.list(), ["b", "a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_cancelled_interrupts_no_cleanup() {
    let (_registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let mut stack = ExitStack::new(&cx, "work");
    stack.push("a", cleaned.slowly("a"));
    stack.push("b", cleaned.slowly("b"));
    assert!(timeout(SECOND / 2, stack.close()).await.is_err());
    assert_eq!(cleaned.list().len(), 0);
    sleep(SECOND * 2).await;
    assert_eq!(cleaned.list(), ["b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn kept_cleanups_run_when_the_tasks_of_the_service_have_ended() {
    let (registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let mut stack = ExitStack::new(&cx, "resources");
    stack.push("pool", cleaned.at_once("pool"));
    stack.push("session", cleaned.at_once("session"));
    stack.keep();
    let (list, task) = (cleaned.clone(), cx.clone());
    cx.spawn("uses the pool", async move {
        task.stopping().cancelled().await;
        list.slowly("task").await;
    });
    settle().await;
    assert_eq!(cleaned.list().len(), 0);
    assert!(registry.shutdown().await.unwrap().is_clean());
    assert_eq!(cleaned.list(), ["task", "session", "pool"]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_a_service_that_has_stopped_is_cleaned_up_nevertheless() {
    let (registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let [mut closed, mut dropped, mut kept] = ["closed", "dropped", "kept"].map(|name| ExitStack::new(&cx, name));
    closed.push("a", cleaned.at_once("a"));
    dropped.push("b", cleaned.at_once("b"));
    kept.push("c", cleaned.at_once("c"));
    registry.shutdown().await.unwrap();
    closed.close().await.unwrap();
    drop(dropped);
    settle().await;
    kept.keep();
    settle().await;
    assert_eq!(cleaned.list(), ["a", "b", "c"]);
}

/// A cleanup of a service runs when the service starts no more tasks.
#[tokio::test(start_paused = true)]
async fn the_shutdown_waits_for_a_stack_that_is_dropped_in_the_last_moment() {
    let (registry, cx, _) = host::boot().await;
    let cleaned = Cleaned::default();
    let [mut closed, mut dropped] = ["closed", "dropped"].map(|name| ExitStack::new(&cx, name));
    let slowly = cleaned.slowly("closed");
    closed.push("closed", async move {
        slowly.await;
        Registry::current().map(drop).ok_or("no registry")
    });
    dropped.push("dropped", cleaned.slowly("dropped"));
    cx.defer(async move {
        closed.close().await.unwrap();
        drop(dropped);
    });
    assert!(registry.shutdown().await.unwrap().is_clean());
    assert_eq!(cleaned.list(), ["closed", "dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_returned_reported_or_logged() {
    let (log, _guard) = Log::start();
    let (registry, cx, _) = host::boot().await;
    let stack = |name: &'static str| {
        let mut stack = ExitStack::new(&cx, name);
        stack.push("flush", async move {
            sleep(SECOND).await;
            Err::<(), _>(format!("{name} has failed"))
        });
        stack
    };
    drop(stack("dropped"));
    assert!(timeout(SECOND / 2, stack("cancelled").close()).await.is_err());
    sleep(SECOND * 2).await;
    let warnings = || log.text().lines().filter(|line| line.contains("a cleanup failed")).count();
    assert!(["dropped has failed", "cancelled has failed"].iter().all(|text| log.text().contains(text)));
    let error = stack("closed").close().await.unwrap_err();
    assert_eq!(error.failures().collect::<Vec<_>>(), [("flush", "closed has failed")]);
    stack("kept").keep();
    let error = registry.shutdown().await.unwrap_err().to_string();
    assert!(error.contains("1 of 1 cleanups failed: flush: kept has failed"), "{error}");
    assert_eq!(warnings(), 2, "a failure that is returned or reported is not logged");
}

#[test]
fn without_a_runtime_it_is_logged_that_cleanups_did_not_run() {
    let (log, _guard) = Log::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let first = runtime();
    let mut stack = first.block_on(async {
        let (registry, cx, _) = host::boot().await;
        registry.shutdown().await.unwrap();
        ExitStack::new(&cx, "work")
    });
    drop(first);
    stack.push("a", async {});
    drop(stack);
    assert!(log.text().contains("cleanups did not run to their end"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_that_hangs_ends_with_the_drain_budget_and_is_named() {
    let (log, _guard) = Log::start();
    let (registry, cx, _) = host::boot().await;
    let mut stack = ExitStack::new(&cx, "work");
    stack.push("below", async {});
    stack.push("hangs", pending::<()>());
    let close = tokio::spawn(stack.close());
    settle().await;
    let error = registry.shutdown().await.expect_err("the report is not clean");
    assert!(error.to_string().contains("work"), "{error}");
    assert!(log.text().contains("hangs, below"), "{}", log.text());
    assert!(close.await.unwrap().unwrap_err().to_string().contains("aborted"));
}

/// Work of random length with cleanups that succeed, fail or panic, which is cancelled at a random moment, also while it closes: each
/// cleanup that was pushed runs exactly once, in reverse order.
#[tokio::test(start_paused = true)]
async fn each_cleanup_runs_once_in_reverse_whenever_the_work_is_cancelled() {
    for seed in 0..100 {
        let _seed = Seed(seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let (registry, cx, _) = host::boot().await;
        let (cleaned, pushed) = (Cleaned::default(), Arc::new(Mutex::new(Vec::new())));
        let end = Duration::from_millis(random.u64(0..60));
        let work = {
            let (cleaned, pushed) = (cleaned.clone(), pushed.clone());
            async move {
                let mut stack = ExitStack::new(&cx, "work");
                for number in 0..random.u32(1..6) {
                    sleep(Duration::from_millis(random.u64(0..10))).await;
                    let (cleanup, kind) = (cleaned.at_once(&number.to_string()), random.u32(0..3));
                    let time = Duration::from_millis(random.u64(0..10));
                    pushed.lock().unwrap().push(number.to_string());
                    stack.push(number.to_string(), async move {
                        sleep(time).await;
                        cleanup.await;
                        assert!(kind != 1, "a bug");
                        if kind == 2 { Err("no network") } else { Ok(()) }
                    });
                }
                let _ = stack.close().await;
            }
        };
        let _ = timeout(end, work).await;
        sleep(SECOND).await;
        let mut expected = pushed.lock().unwrap().clone();
        expected.reverse();
        assert_eq!(cleaned.list(), expected);
        let report = Registry::shutdown(&registry).await.unwrap();
        assert!(report.is_clean());
    }
}
