//! The error of a boot: it lists every failure that happened before it ended, whatever ended it, and every late service.

use std::error::Error;
use std::sync::Arc;

use service_core::{
    BootError, BootFailure, Builder, Context, Definition, Health, Phase, Registry, Restart, Result, Retry,
    UnreadyService,
};
use tests::{Latch, Recorder, fail_when_open, failing, hanging, isolated, ms, secs};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What ends a boot that would not end by itself.
#[derive(Clone, Copy, Debug)]
enum End {
    Token,
    Timeout,
    Request,
}

const ENDS: [End; 3] = [End::Token, End::Timeout, End::Request];

/// The error of a boot of these services and one that hangs, which this ends after a second.
async fn ended_by(end: End, builder: Builder) -> BootError {
    let token = CancellationToken::new();
    let registry = Arc::new(Mutex::new(None));
    let (of_hook, of_test) = (registry.clone(), registry.clone());
    let stuck = Definition::new("stuck").init(move |_: Context<()>| {
        let registry = of_hook.clone();
        async move {
            *registry.lock().await = Registry::current();
            std::future::pending().await
        }
    });
    let builder = builder.define(stuck).cancel(token.clone());
    let builder = if matches!(end, End::Timeout) { builder.boot_timeout(secs(1)) } else { builder };
    let boot = tokio::spawn(builder.boot());
    sleep(secs(1)).await;
    match end {
        End::Token => token.cancel(),
        End::Timeout => {}
        End::Request => of_test.lock().await.take().expect("stuck starts").request_shutdown("maintenance"),
    }
    boot.await.expect("it does not panic").expect_err("stuck hangs")
}

fn assert_names(error: &BootError, end: End, service: &str, words: &str) {
    let first = error.failures().first().unwrap_or_else(|| panic!("{end:?}: {error}"));
    assert_eq!(first.service(), service, "{end:?}: {error}");
    assert!(first.to_string().contains(words), "{end:?}: {error}");
    assert_eq!(error.source().map(ToString::to_string), Some(first.to_string()), "{end:?}");
    let text = error.to_string();
    let second = text.lines().nth(1).unwrap_or_default();
    assert!(second.contains(words), "{end:?}: the failure comes first in {text}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_an_optional_service_is_listed_whatever_ends_the_boot() {
    for end in ENDS {
        let error = ended_by(end, isolated().define(failing("cache", "no cache").optional())).await;
        assert_names(&error, end, "cache", "no cache");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_tried_again_is_listed_whatever_ends_the_boot() {
    for end in ENDS {
        let db = failing("db", "the password is wrong").retry(Retry::new(99, ms(300), ms(300)));
        let error = ended_by(end, isolated().define(db)).await;
        assert_names(&error, end, "db", "the password is wrong");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_a_service_has_recovered_from_is_not_listed() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let db = Definition::new("db").retry(Retry::new(9, ms(10), ms(10))).init(move |_| {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move { if first { Err("not yet".into()) } else { Ok(()) } }
    });
    let error = ended_by(End::Timeout, isolated().define(db)).await;
    assert_eq!(error.failures().len(), 0, "{error}");
}

/// A service whose supervised task is given up after a while.
fn with_task(name: &str) -> Definition<()> {
    Definition::new(name).init(async |cx: Context<()>| {
        cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), || async {
            sleep(ms(100)).await;
            Err::<(), _>("the pump is stuck")
        });
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_given_up_during_the_boot_is_listed() {
    let error =
        isolated().define(with_task("water")).define(hanging("stuck")).boot().await.expect_err("it is given up");
    assert!(matches!(error.failure(), BootFailure::ShutDown(_)), "{error}");
    let [failure] = error.failures() else { panic!("{error}") };
    assert_eq!((failure.service(), failure.phase()), ("water", &Phase::Task("pump".into())));
    assert_eq!(error.source().map(ToString::to_string), Some(failure.to_string()));
    let text = error.to_string();
    assert_eq!(text.matches("the boot was given up for a shutdown: task pump of water failed").count(), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_task_of_an_optional_service_that_is_given_up_is_listed_whatever_ends_the_boot() {
    for end in ENDS {
        let error = ended_by(end, isolated().define(with_task("water").optional())).await;
        assert_names(&error, end, "water", "the pump is stuck");
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_the_boot_comes_before_what_it_could_do_without() {
    let error = isolated()
        .define(failing("cache", "no cache").optional())
        .define(Definition::new("db").init(async |_| {
            sleep(ms(5)).await;
            Err::<(), _>("the password is wrong".into())
        }))
        .boot()
        .await
        .expect_err("db fails");
    let services: Vec<_> = error.failures().iter().map(|failure| failure.service()).collect();
    assert_eq!(services, ["db", "cache"], "{error}");
}

fn unready(error: &BootError) -> Vec<(&str, &str)> {
    let BootFailure::TimedOut { unready, .. } = error.failure() else { panic!("{error}") };
    unready.iter().map(|UnreadyService { service, doing, .. }| (service.as_str(), doing.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_boot_timeout_reports_who_waits_for_a_place() {
    let error = isolated()
        .concurrency(1)
        .boot_timeout(secs(1))
        .define(hanging("a"))
        .define(Definition::new("top").requires(["a"]))
        .define(Definition::new("z"))
        .boot()
        .await
        .expect_err("a hangs");
    let lines = unready(&error);
    assert_eq!(lines.iter().map(|(service, _)| *service).collect::<Vec<_>>(), ["a", "top", "z"], "{error}");
    assert_eq!(lines[1].1, "waits for a");
    assert_eq!(lines[2].1, "waits until fewer than 1 services start at once, the limit of `concurrency`");
}

#[tokio::test(start_paused = true)]
async fn a_boot_timeout_names_a_service_that_is_restarting() {
    let latch = Latch::new();
    let task = latch.clone();
    let slow = Definition::new("slow")
        .restart(Restart::transient())
        .init(move |cx: Context<()>| {
            fail_when_open(&cx, &task);
            async { Ok(()) }
        })
        .shutdown(async |_, _| {
            sleep(secs(5)).await;
            Ok(())
        });
    let boot = isolated()
        .boot_timeout(secs(2))
        .define(slow)
        .define(Definition::new("above").requires(["slow"]).shutdown(async |_, _| {
            sleep(ms(1_500)).await;
            Ok(())
        }))
        .define(hanging("stuck"))
        .boot();
    let breaks = async {
        sleep(secs(1)).await;
        latch.open();
    };
    let (boot, ()) = tokio::join!(boot, breaks);
    let error = boot.expect_err("stuck hangs");
    let lines = unready(&error);
    assert_eq!(lines.iter().map(|(service, _)| *service).collect::<Vec<_>>(), ["slow", "above", "stuck"], "{error}");
    assert_eq!(lines[0].1, "is restarting, and waits for the end of above");
    assert_eq!(lines[1].1, "is being stopped for a restart");
    assert_eq!(error.failures().iter().map(|failure| failure.service()).collect::<Vec<_>>(), ["slow"], "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_boot_timeout_tells_when_the_hook_was_polled_last() {
    let hangs = Definition::new("a").init(async |_| {
        sleep(ms(300)).await;
        std::future::pending::<Result<()>>().await
    });
    let error = isolated().boot_timeout(secs(1)).define(hangs).boot().await.expect_err("a hangs");
    let text = unready(&error)[0].1;
    let polled = "polled 2 times, then pending, and nothing has woken it since; the last poll was 700ms ago";
    assert!(text.contains("has been starting for 1s") && text.contains(polled), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_is_reported_with_its_last_poll() {
    let hangs = Definition::new("a").init_timeout(secs(1)).init(async |_| {
        sleep(ms(300)).await;
        std::future::pending::<Result<()>>().await
    });
    let error = isolated().define(hangs).boot().await.expect_err("a hangs");
    assert!(error.to_string().contains("the last poll was 700ms ago"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_the_budget_ends_tells_so_with_the_number_of_attempts() {
    let flaky = failing("a", "not yet").retry(Retry::new(9, ms(600), ms(600))).init_timeout(ms(1_500));
    let error = isolated().define(flaky).boot().await.expect_err("no attempt succeeds");
    let expected = "not yet; attempt 3 of 9, and the budget of the start leaves no time for another";
    assert!(error.to_string().contains(expected), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_tells_how_the_one_before_failed() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let flaky = Definition::new("a").retry(Retry::new(9, ms(100), ms(100))).init_timeout(secs(1)).init(move |_| {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            if first {
                return Err::<(), _>("the password is wrong".into());
            }
            std::future::pending().await
        }
    });
    let error = isolated().define(flaky).boot().await.expect_err("the second attempt hangs");
    let expected = "attempt 2 of 9, and the budget of the start leaves no time for another; the attempt before: the password is wrong";
    assert!(error.failures()[0].is_timeout() && error.to_string().contains(expected), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_uses_the_budget_up_ends_the_retries() {
    let flaky = Definition::new("a").retry(Retry::new(9, ms(100), ms(100))).init_timeout(secs(1)).init(|cx| {
        cx.defer(async { sleep(secs(5)).await });
        async { Err::<(), _>("not yet".into()) }
    });
    let error =
        isolated().define(flaky).define(Definition::new("b").requires(["a"])).boot().await.expect_err("it fails");
    let expected = "not yet; attempt 1 of 9, and the budget of the start leaves no time for another";
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.to_string().contains("needed by b"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_after_all_attempts_blames_no_budget() {
    let error = isolated().define(failing("a", "no").retry(Retry::new(3, ms(1), ms(1)))).boot().await.expect_err("no");
    assert!(!error.to_string().contains("attempt"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_started_does_not_count_as_shut_down() {
    let recorder = Recorder::new();
    let error = isolated()
        .define(recorder.quick("up"))
        .define(hanging("hangs"))
        .define(Definition::new("fails").init(async |_| {
            sleep(ms(5)).await;
            Err::<(), _>("no".into())
        }))
        .boot()
        .await
        .expect_err("it fails");
    let rollback = error.rollback().expect("up was ready");
    let ready: Vec<_> = rollback.services.iter().map(|it| (it.name.as_str(), it.was_ready)).collect();
    assert_eq!(ready, [("hangs", false), ("up", true)], "{rollback}");
    let text = rollback.to_string();
    assert!(text.starts_with("1 of 1 services shut down cleanly, 1 start unwound, in "), "{text}");
    assert!(text.contains("hangs  start unwound: clean"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn five_thousand_blocked_services_fit_on_a_screen() {
    let blocked = |on: &'static str| (0..5_000).map(move |at| Definition::new(format!("s{at:04}")).requires([on]));
    let fails = isolated().define(failing("db", "no"));
    let error = blocked("db").fold(fails, Builder::define).boot().await.expect_err("db fails");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1 + 10 + 1, "{text}");
    assert!(text.ends_with("\n  and 4990 more services were not started"), "{text}");
    let BootFailure::Services { blocked: all, .. } = error.failure() else { panic!("{error}") };
    assert_eq!(all.len(), 5_000, "the value names them all");

    let hangs = isolated().define(hanging("db").init_timeout(secs(1)));
    let error = blocked("db").fold(hangs, Builder::define).boot().await.expect_err("db hangs");
    let first = error.failures()[0].to_string();
    assert!(first.contains("s0008, s0009 and 4990 more wait for it"), "{first}");

    let hangs = isolated().boot_timeout(secs(1)).define(hanging("db"));
    let error = blocked("db").fold(hangs, Builder::define).boot().await.expect_err("db hangs");
    assert!(error.to_string().contains("\n  and 4991 more services were not ready"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_budget_is_no_longer_than_the_rest_of_the_boot() -> Result<()> {
    let recorder = Recorder::new();
    let (init, cleanup) = (recorder.clone(), recorder.clone());
    let a = Definition::new("a").init(move |cx: Context<()>| {
        let (recorder, cleanup, later) = (init.clone(), cleanup.clone(), cx.clone());
        cx.defer(async move { cleanup.record(format!("cleanup {:?}", later.remaining())) });
        async move {
            sleep(secs(1)).await;
            recorder.record(format!("init {:?}", cx.remaining()));
            cx.extend(secs(60));
            recorder.record(format!("extended {:?}", cx.remaining()));
            std::future::pending().await
        }
    });
    isolated().boot_timeout(secs(3)).define(a).boot().await.expect_err("a hangs");
    assert_eq!(recorder.entries(), ["init 2s", "extended 2s", "cleanup 10s"], "a cleanup has a budget of its own");

    let recorder = Recorder::new();
    let stop = recorder.clone();
    let a = Definition::new("a").health(async |_| Health::Healthy).shutdown(move |_, cx| {
        stop.record(format!("shutdown {:?}", cx.remaining()));
        async { Ok(()) }
    });
    let registry = isolated().boot_timeout(secs(3)).define(a).boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["shutdown 10s"], "the boot has ended");
    Ok(())
}
