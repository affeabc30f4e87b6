//! What was given up: it does not begin, it does not delay what follows, and what it says in the end is reported.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use service_core::{
    Context, Definition, EventKind, Lifecycle, NotReady, Refusal, Restart, Result, State, guarded, service,
};
use tests::{EventCollector, Latch, Recorder, fail_when_open, isolated, ms, secs};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_init_begins_after_a_shutdown_in_the_pause_of_a_restart() -> Result<()> {
    for _ in 0..100 {
        let (inits, fails) = (Arc::new(AtomicU32::new(0)), Latch::new());
        let (count, failing) = (inits.clone(), fails.clone());
        let restart = Restart::transient().backoff(secs(5), secs(5));
        let definition = Definition::new("a").restart(restart).init(move |cx: Context<()>| {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                fail_when_open(&cx, &failing);
            }
            async { Ok(()) }
        });
        let events = EventCollector::new();
        let registry = isolated().define(definition).observe(events.listener()).boot().await?;
        fails.open();
        while !events.lines().contains(&"stopped a".to_owned()) {
            tokio::task::yield_now().await;
        }
        let _ = registry.shutdown().await;
        assert_eq!(inits.load(Ordering::SeqCst), 1);
    }
    Ok(())
}

#[test]
fn a_timeout_is_acted_on_at_once_although_the_hook_still_blocks() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    let (open, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let began = Instant::now();
    let failed_after = Arc::new(std::sync::Mutex::new(None));
    let at = failed_after.clone();
    let definition = Definition::<()>::new("a").init_timeout(ms(100)).init(move |_| {
        // The sender is dropped when the test ends.
        let _ = wait.lock().expect("only this hook waits").recv_timeout(secs(10));
        async { Ok(()) }
    });
    let observer = move |event: &service_core::Event| {
        if let EventKind::Failed { .. } = event.kind {
            *at.lock().expect("no holder panics") = Some(began.elapsed());
        }
    };
    let error = runtime
        .block_on(async { isolated().define(definition).observe(observer).boot().await.expect_err("it is late") });
    drop(open);
    let failed_after = failed_after.lock().expect("no holder panics").expect("it has failed");
    assert!(failed_after < ms(400), "{failed_after:?}, {error}");
    Ok(())
}

struct PanickingDrop;

impl Drop for PanickingDrop {
    fn drop(&mut self) {
        panic!("the destructor panics");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_aborted_start_says_in_the_end_is_reported() -> Result<()> {
    let aborted = Definition::new("a").init(async |_| {
        let _held = PanickingDrop;
        std::future::pending::<Result<()>>().await
    });
    let fails = Definition::new("b").init(async |_| {
        sleep(ms(50)).await;
        Err::<(), _>("the cause".into())
    });
    let error = isolated().define(aborted).define(fails).boot().await.expect_err("b fails");
    assert!(error.failures()[0].to_string().contains("the cause"), "{error}");
    let rollback = error.rollback().expect("a was unwound");
    assert!(rollback.failures().any(|failure| failure.panic_message() == Some("the destructor panics")), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_failed_task_of_one_name_is_in_the_report() -> Result<()> {
    let definition = Definition::new("a").init(|cx: Context<()>| {
        cx.spawn("connection", async { Err::<(), _>("first") });
        cx.spawn("connection", async { Err::<(), _>("second") });
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    sleep(ms(1)).await;
    let error = registry.shutdown().await.expect_err("two tasks have failed");
    assert_eq!(error.report().expect("it was waited for").failures().count(), 2, "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_shutdown_of_an_earlier_instance_is_in_the_report() -> Result<()> {
    let stops = AtomicU32::new(0);
    let definition = Definition::new("a").init(async |_| Ok(())).shutdown(move |_, _| {
        let is_first = stops.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if is_first { Err("not flushed".into()) } else { Ok(()) } }
    });
    let registry = isolated().define(definition).boot().await?;
    registry.restart_named("a").await?;
    let report = registry.shutdown().await?;
    let failures: Vec<_> = report.failures().map(ToString::to_string).collect();
    assert!(matches!(&failures[..], [one] if one.contains("not flushed")), "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_request_replaces_the_timer_of_the_next_try() -> Result<()> {
    let recorder = Recorder::new();
    let tries = recorder.clone();
    let definition =
        Definition::new("a").optional().restart(Restart::transient().backoff(secs(10), secs(60))).init(move |_| {
            tries.record("try");
            async { Err::<(), _>("no".into()) }
        });
    let registry = isolated().define(definition).boot().await?;
    sleep(secs(9)).await;
    registry.restart_named("a").await.expect_err("it fails again");
    sleep(secs(15)).await;
    assert_eq!(recorder.times("try"), [secs(0), secs(9)], "the first timer would fire after 10 s");
    sleep(secs(10)).await;
    assert_eq!(recorder.times("try"), [secs(0), secs(9), secs(29)]);
    registry.shutdown().await?;
    Ok(())
}

/// Starts again only when the latch opens.
#[service(lazy, restart)]
struct Slow {
    cx: Context<Slow>,
}

#[service(lazy, autowire)]
struct Opens {
    again: Latch,
    lives: AtomicU32,
}

impl Lifecycle for Slow {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let opens = Opens::service().await?;
        if opens.lives.fetch_add(1, Ordering::SeqCst) > 0 {
            opens.again.opened().await;
        }
        Ok(Self { cx: cx.clone() })
    }
}

impl Slow {
    #[guarded]
    async fn call(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_on_an_old_instance_is_refused_at_once_during_the_whole_restart() -> Result<()> {
    let again = Latch::new();
    let opens = Opens { again: again.clone(), lives: AtomicU32::new(0) };
    let registry = isolated().replace::<Opens>(opens).with::<Slow>().boot().await?;
    let old = registry.get::<Slow>()?;
    old.cx.fail("again");
    while registry.state::<Slow>() != State::Starting {
        sleep(ms(10)).await;
    }
    let asked = tokio::time::Instant::now();
    let refused = old.call().await.expect_err("it was replaced");
    assert!(matches!(refused.cause(), Refusal::Replaced), "{refused}");
    assert_eq!(asked.elapsed(), ms(0));
    again.open();
    registry.wait_ready::<Slow>().await?.call().await?;
    drop(old);
    let _ = registry.shutdown().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_boot_that_has_ended_and_is_dropped_unseen_is_rolled_back() -> Result<()> {
    // The service keeps a handle of its registry, so the dropped future was not the last one.
    let recorder = Recorder::new();
    let (kept, handle) = tokio::sync::oneshot::channel();
    let kept = std::sync::Mutex::new(Some(kept));
    let definition = recorder.quick("a").start(move |_, cx| {
        if let Some(kept) = kept.lock().expect("no holder panics").take() {
            let _ = kept.send(cx.registry());
        }
        async { Ok(()) }
    });
    let mut boot = Box::pin(isolated().define(definition).boot());
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(boot.as_mut().poll(cx).is_pending())).await;
    assert!(polled, "it has only begun");
    let registry = handle.await?;
    while !registry.is_ready() {
        tokio::task::yield_now().await;
    }
    drop(boot);
    registry.stopped().await?;
    assert_eq!(recorder.of("shutdown"), ["a"]);
    Ok(())
}
