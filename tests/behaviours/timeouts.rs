//! Timeouts: a hook that exceeds its budget ends at the right moment and is named; a cancellation is no timeout.

use std::time::Duration;

use service_core::{BootFailure, Definition, Phase, Result, Retry, StopOutcome};
use tests::{EventCollector, Recorder, hanging, isolated, ms};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// A value that records when it is dropped.
struct Guard(Recorder);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.record("dropped");
    }
}

// shows: T01
#[tokio::test(start_paused = true)]
async fn an_init_that_never_ends_fails_at_its_budget_and_is_dropped() {
    let recorder = Recorder::new();
    let held = recorder.clone();
    let hangs = Definition::new("a").init(move |_| {
        let guard = Guard(held.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Result<()>>().await
        }
    });
    let error = isolated().define(hangs.init_timeout(ms(5_000))).boot().await.expect_err("it hangs");
    let failure = &error.failures()[0];
    assert!(failure.is_timeout(), "{failure}");
    assert_eq!(failure.elapsed(), ms(5_000));
    assert_eq!(recorder.at("dropped"), ms(5_000));
}

// shows: T01
#[tokio::test(start_paused = true)]
async fn an_init_that_ends_just_within_its_budget_succeeds() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("a", ms(5_000), ms(0)).init_timeout(ms(5_000))).boot().await?;
    registry.shutdown().await?;
    Ok(())
}

// shows: T02
#[tokio::test(start_paused = true)]
async fn a_boot_timeout_lists_unready_services_and_what_they_wait_for() {
    let error = isolated()
        .boot_timeout(ms(1_000))
        .define(Definition::new("up"))
        .define(Definition::new("stuck").init(|cx| {
            cx.progress("half way");
            std::future::pending::<Result<()>>()
        }))
        .define(Definition::new("waiting").requires(["stuck", "up"]))
        .boot()
        .await
        .expect_err("one is stuck");
    let BootFailure::TimedOut { after, unready, .. } = error.failure() else { panic!("{error}") };
    assert_eq!(*after, ms(1_000));
    let [stuck, waiting] = &unready[..] else { panic!("{error}") };
    assert_eq!((stuck.service.as_str(), waiting.service.as_str()), ("stuck", "waiting"));
    assert!(stuck.doing.contains("starting for 1s") && stuck.doing.contains("half way"), "{}", stuck.doing);
    assert_eq!(waiting.doing, "waits for stuck");
}

// shows: T05
#[tokio::test(start_paused = true)]
async fn an_extension_moves_the_deadline_and_the_last_one_counts() {
    let recorder = Recorder::new();
    let init = recorder.clone();
    let slow = Definition::new("a").init_timeout(ms(1_000)).init(move |cx| {
        let recorder = init.clone();
        async move {
            for _ in 0..3 {
                sleep(ms(900)).await;
                cx.progress("still at it");
                cx.extend(ms(1_000));
            }
            recorder.record(format!("{:?} left", cx.remaining()));
            std::future::pending::<Result<()>>().await
        }
    });
    let error = isolated().define(slow).boot().await.expect_err("it exceeds the last extension");
    assert_eq!(recorder.entries(), ["1s left"]);
    assert_eq!(error.failures()[0].elapsed(), ms(3 * 900 + 1_000));
    assert!(error.to_string().contains("it last said: still at it"), "{error}");
}

// shows: T05
#[tokio::test(start_paused = true)]
async fn an_extension_never_shortens_the_budget() {
    let short = Definition::new("a").init_timeout(ms(1_000)).init(|cx| {
        cx.extend(ms(1));
        std::future::pending::<Result<()>>()
    });
    let error = isolated().define(short).boot().await.expect_err("it hangs");
    assert_eq!(error.failures()[0].elapsed(), ms(1_000));
}

// shows: T07
#[tokio::test(start_paused = true)]
async fn a_cancelled_boot_reports_cancellation_and_rolls_back() {
    let recorder = Recorder::new();
    let token = CancellationToken::new();
    let boot = isolated().cancel(token.clone()).define(recorder.quick("a")).define(hanging("b").requires(["a"])).boot();
    let cancel = async {
        sleep(ms(100)).await;
        token.cancel();
    };
    let (boot, ()) = tokio::join!(boot, cancel);
    let error = boot.expect_err("it is cancelled");
    assert!(matches!(error.failure(), BootFailure::Cancelled), "{error}");
    assert_eq!(error.failures().len(), 0, "b has not failed");
    assert_eq!(recorder.of("shutdown"), ["a"]);
}

// shows: T09
#[tokio::test(start_paused = true)]
async fn a_boot_with_a_cancelled_token_starts_nothing() {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let token = CancellationToken::new();
    token.cancel();
    let boot = isolated().cancel(token).on_event(collector.listener()).define(recorder.quick("a")).boot();
    let error = boot.await.expect_err("it is cancelled");
    assert!(matches!(error.failure(), BootFailure::Cancelled), "{error}");
    assert_eq!(recorder.entries(), Vec::<String>::new());
    assert_eq!(collector.of("starting"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_token_shuts_down_a_running_registry() -> Result<()> {
    let recorder = Recorder::new();
    let token = CancellationToken::new();
    let registry = isolated().cancel(token.clone()).define(recorder.quick("a")).boot().await?;
    token.cancel();
    let report = registry.stopped().await?;
    assert_eq!(report.reason, service_core::ShutdownReason::Cancelled);
    assert_eq!(recorder.of("shutdown"), ["a"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_for_a_growing_delay_and_cleans_up_each_attempt() -> Result<()> {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let init = recorder.clone();
    let flaky = Definition::new("a").retry(Retry::new(5, ms(100), ms(300))).init(move |cx| {
        let recorder = init.clone();
        let cleanup = recorder.clone();
        cx.defer(async move { cleanup.record("cleanup") });
        async move {
            recorder.record("attempt");
            if recorder.count("attempt") < 5 { Err("not yet".into()) } else { Ok(()) }
        }
    });
    let registry = isolated().on_event(collector.listener()).define(flaky).boot().await?;
    assert_eq!(registry.report().services[0].attempts, 5);
    assert_eq!(registry.report().total, ms(100 + 200 + 300 + 300));
    assert_eq!(recorder.count("cleanup"), 4);
    registry.shutdown().await?;
    assert_eq!(recorder.count("cleanup"), 5);
    assert_eq!(collector.of("retrying").len(), 4);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_retry_whose_budget_ends_in_a_delay_fails_with_the_error_of_the_last_attempt() {
    let flaky = tests::failing("a", "not yet").retry(Retry::new(9, ms(600), ms(600))).init_timeout(ms(1_000));
    let began = Instant::now();
    let error = isolated().define(flaky).boot().await.expect_err("no attempt succeeds");
    assert!(error.to_string().contains("not yet"), "{error}");
    assert_eq!(began.elapsed(), ms(600));
}

// shows: S05
#[tokio::test(start_paused = true)]
async fn a_shutdown_that_hangs_is_abandoned_and_its_dependencies_stop() -> Result<()> {
    let recorder = Recorder::new();
    let hangs = Definition::new("b").requires(["a"]).shutdown(|_, _| std::future::pending());
    let registry = isolated().define(recorder.quick("a")).define(hangs.shutdown_timeout(ms(2_000))).boot().await?;
    let error = registry.shutdown().await.expect_err("it hangs");
    let report = error.report().expect("the error has a report");
    let StopOutcome::Abandoned(failure) = &report.services[0].outcome else { panic!("{report}") };
    assert_eq!((failure.service(), failure.phase(), failure.elapsed()), ("b", &Phase::Shutdown, ms(2_000)));
    assert_eq!(recorder.at("down a"), ms(2_000));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ignores_stopping_is_aborted_and_named() -> Result<()> {
    let deaf = Definition::new("a").drain_timeout(ms(300)).init(async |cx| {
        cx.spawn("poll", std::future::pending::<()>());
        Ok(())
    });
    let registry = isolated().define(deaf).boot().await?;
    let began = Instant::now();
    let error = registry.shutdown().await.expect_err("the task does not end");
    assert_eq!(began.elapsed(), ms(300));
    assert!(error.to_string().contains("poll did not end when stopping() was cancelled: aborted"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_retry_delay_that_overflows_the_clock_exceeds_every_budget() {
    let retry = Retry::new(2, Duration::MAX, Duration::MAX);
    let definition = tests::failing("a", "no answer").retry(retry).init_timeout(Duration::MAX);
    let error = isolated().define(definition).boot().await.expect_err("it fails");
    assert_eq!(error.failures()[0].panic_message(), None);
    assert!(error.to_string().contains("no answer"), "{error}");
}
