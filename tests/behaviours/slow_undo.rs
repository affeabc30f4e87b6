//! A start fails, and what it has begun takes long to unwind. The failure is reported, published and acted on when it
//! happens.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{BootError, BootFailure, Context, Definition, EventKind, Health, Registry, Result, Retry};
use tests::{EventCollector, Latch, Recorder, hanging, isolated, ms, open, secs};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How long the tests let it take to unwind what an attempt has begun.
const UNDO: Duration = secs(9);

/// When the attempts of these tests fail.
const FAILS: Duration = ms(5);

/// The hook that fails, and how.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Init,
    InitPanics,
    InitHangs,
    Start,
    Health,
}

const FAULTS: [Fault; 5] = [Fault::Init, Fault::InitPanics, Fault::InitHangs, Fault::Start, Fault::Health];

/// A service that fails after [`FAILS`], and takes [`UNDO`] to unwind.
fn broken(name: &str, fault: Fault) -> Definition<()> {
    let broken = Definition::new(name).init(move |cx| {
        cx.defer(async { sleep(UNDO).await });
        async move {
            match fault {
                Fault::Init => sleep(FAILS).await,
                Fault::InitPanics => {
                    sleep(FAILS).await;
                    panic!("the password is wrong");
                }
                Fault::InitHangs => std::future::pending().await,
                Fault::Start | Fault::Health => return Ok(()),
            }
            Err("the password is wrong".into())
        }
    });
    match fault {
        Fault::Init | Fault::InitPanics => broken,
        Fault::InitHangs => broken.init_timeout(FAILS),
        Fault::Start => broken.start(async |_, _| {
            sleep(FAILS).await;
            Err("the password is wrong".into())
        }),
        Fault::Health => broken.health(async |_| {
            sleep(FAILS).await;
            Health::unhealthy("the password is wrong")
        }),
    }
}

/// The time of the first event of this kind.
fn at(collector: &EventCollector, is_kind: impl Fn(&EventKind) -> bool) -> Option<Duration> {
    collector.events().iter().find(|event| is_kind(&event.kind)).map(|event| event.at)
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_reported_and_rolls_the_boot_back_before_it_is_undone() {
    for fault in FAULTS {
        let (recorder, collector) = (Recorder::new(), EventCollector::new());
        let began = Instant::now();
        let error = isolated()
            .on_event(collector.listener())
            .define(broken("db", fault))
            .define(recorder.service("other", ms(100), ms(0)))
            .define(recorder.quick("later").after(["other"]))
            .boot()
            .await
            .expect_err("db fails");
        assert_eq!(at(&collector, |kind| matches!(kind, EventKind::Failed { .. })), Some(FAILS), "{fault:?}");
        assert_eq!(at(&collector, |kind| matches!(kind, EventKind::RollingBack)), Some(FAILS), "{fault:?}");
        assert_eq!(recorder.entries(), ["init other"], "{fault:?}: nothing starts or becomes ready any more");
        assert_eq!(began.elapsed(), FAILS + UNDO, "{fault:?}: the boot ends when all is unwound");
        assert_eq!(error.failures()[0].elapsed(), FAILS, "{fault:?}");
    }
}

/// What may end a boot whose failure is being undone.
#[derive(Clone, Copy, Debug)]
enum End {
    Token,
    Timeout,
    Request,
}

/// The error of a boot of `db`, which fails and is slow to undo, and which this is to end meanwhile.
async fn ended_by(end: End) -> BootError {
    let token = CancellationToken::new();
    let (other, context) = open("other");
    let mut builder = isolated().cancel(token.clone()).define(broken("db", Fault::Init)).define(other);
    if let End::Timeout = end {
        builder = builder.boot_timeout(secs(1));
    }
    let ending = async {
        let cx = context.await.expect("other starts");
        sleep(secs(1)).await;
        match end {
            End::Token => token.cancel(),
            End::Request => {
                cx.scope(async { Registry::current() }).await.expect("other is in it").request_shutdown("stop");
            }
            End::Timeout => {}
        }
    };
    let (boot, ()) = tokio::join!(builder.boot(), ending);
    boot.expect_err("db fails")
}

#[tokio::test(start_paused = true)]
async fn nothing_that_ends_a_boot_during_the_undo_replaces_the_failure() {
    for end in [End::Token, End::Timeout, End::Request] {
        let error = ended_by(end).await;
        assert!(matches!(error.failure(), BootFailure::Services { .. }), "{end:?}: {error}");
        assert!(error.to_string().contains("the password is wrong"), "{end:?}: {error}");
        assert!(error.source().is_some_and(|source| source.to_string().contains("the password is wrong")), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_start_uses_stops_after_the_undo() {
    let recorder = Recorder::new();
    let error = isolated()
        .define(recorder.quick("pool"))
        .define(broken("db", Fault::Start).requires(["pool"]))
        .boot()
        .await
        .expect_err("db fails");
    assert_eq!(recorder.at("shutdown pool"), FAILS + UNDO, "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_optional_failure_does_not_delay_the_boot() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .concurrency(1)
        .define(broken("db", Fault::Init).optional())
        .define(recorder.quick("users").after(["db"]))
        .boot()
        .await?;
    assert_eq!(recorder.at("init users"), FAILS, "it takes the place of the failed one");
    assert_eq!(registry.report().total, FAILS);
    assert_eq!(registry.report().services[0].own, FAILS);
    let began = Instant::now();
    registry.shutdown().await?;
    assert_eq!(began.elapsed(), UNDO, "the shutdown waits for the undo");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_a_running_undo_its_limit() -> Result<()> {
    let builder = isolated().shutdown_timeout(secs(2)).define(broken("db", Fault::Init).optional());
    let registry = builder.boot().await?;
    let began = Instant::now();
    let error = registry.shutdown().await.expect_err("the cleanup is abandoned");
    assert_eq!(began.elapsed(), secs(2));
    assert!(error.to_string().contains("a cleanup of db did not end within 2s"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_begins_after_the_undo() -> Result<()> {
    let (recorder, collector) = (Recorder::new(), EventCollector::new());
    let init = recorder.clone();
    let flaky = Definition::new("db").retry(Retry::new(2, ms(10), ms(10))).init(move |cx: Context<()>| {
        let recorder = init.clone();
        recorder.record("attempt");
        cx.defer(async { sleep(UNDO).await });
        async move { if recorder.count("attempt") < 2 { Err("the password is wrong".into()) } else { Ok(()) } }
    });
    let registry = isolated().on_event(collector.listener()).define(flaky).boot().await?;
    assert_eq!(recorder.times("attempt"), [ms(0), UNDO + ms(10)]);
    assert_eq!(at(&collector, |kind| matches!(kind, EventKind::Retrying { .. })), Some(ms(0)), "known at once");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_cleanup_of_an_attempt_is_reported_although_the_next_attempt_succeeds() -> Result<()> {
    let collector = EventCollector::new();
    let attempts = Arc::new(AtomicU32::new(0));
    let flaky = Definition::new("db").retry(Retry::new(3, ms(10), ms(10))).init(move |cx: Context<()>| {
        let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
        cx.defer(async move { if attempt < 3 { Err(format!("lock {attempt} is stuck")) } else { Ok(()) } });
        async move { if attempt < 3 { Err("not yet".into()) } else { Ok(()) } }
    });
    let registry = isolated().on_event(collector.listener()).define(flaky).boot().await?;
    assert_eq!(collector.of("unwound"), ["db", "db"], "an event at once");
    let report = registry.shutdown().await?;
    let failures: Vec<_> = report.failures().map(ToString::to_string).collect();
    assert_eq!(failures.len(), 2, "{report}");
    assert!(failures[0].contains("lock 1 is stuck") && failures[1].contains("lock 2 is stuck"), "{report}");
    assert!(report.is_clean(), "it was shut down cleanly: {report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_cleanup_of_an_attempt_is_reported_if_the_boot_fails_in_the_pause() {
    let flaky = Definition::new("db").retry(Retry::new(3, ms(500), ms(500))).init(|cx: Context<()>| {
        cx.defer(async { Err::<(), _>("the lock is stuck") });
        async { Err::<(), _>("not yet".into()) }
    });
    let fails = Definition::new("cache").init(async |_| {
        sleep(ms(100)).await;
        Err::<(), _>("no cache".into())
    });
    let error = isolated().define(flaky).define(fails).boot().await.expect_err("cache fails");
    let failed: Vec<_> = error.failures().iter().map(ToString::to_string).collect();
    assert!(matches!(&failed[..], [first, last] if first.contains("no cache") && last.contains("not yet")), "{error}");
    let rollback = error.rollback().expect("db was unwound");
    let failures: Vec<_> = rollback.failures().map(ToString::to_string).collect();
    assert!(matches!(&failures[..], [one] if one.contains("the lock is stuck")), "{error}");
}

/// The cleanup of the failed start waits for the report of the failure.
async fn fails_before_its_undo() {
    let reported = Latch::new();
    let (failed, cleanup) = (reported.clone(), reported.clone());
    let db = Definition::new("db").init(move |cx: Context<()>| {
        let cleanup = cleanup.clone();
        cx.defer(async move { cleanup.opened().await });
        async { Err::<(), _>("the password is wrong".into()) }
    });
    let open = move |event: &service_core::Event| {
        if let EventKind::Failed { .. } = event.kind {
            failed.open();
        }
    };
    let error = isolated().on_event(open).define(db).define(hanging("other")).boot().await.expect_err("db fails");
    let unclean = error.rollback().is_some_and(|rollback| rollback.failures().count() > 0);
    assert!(!unclean, "the cleanup waited in vain: {error}");
}

#[tokio::test]
async fn a_failure_is_an_event_before_its_undo_on_one_thread() {
    fails_before_its_undo().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failure_is_an_event_before_its_undo_on_many_threads() {
    fails_before_its_undo().await;
}
