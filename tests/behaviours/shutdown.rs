//! Shutdown: the reverse of the boot. Every hook runs once, also after a failure, and every failure is reported.

use service_core::{BootFailure, Definition, Phase, Result, ShutdownReason};
use tests::{EventCollector, Latch, Recorder, event_lines, hanging, isolated, ms};
use tokio::time::{Instant, sleep};

// shows: S01
#[tokio::test(start_paused = true)]
async fn a_shutdown_runs_in_reverse_and_stops_independent_services_concurrently() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("db", ms(0), ms(100)))
        .define(recorder.service("cache", ms(0), ms(100)).requires(["db"]))
        .define(recorder.service("mail", ms(0), ms(150)))
        .define(recorder.service("users", ms(0), ms(100)).requires(["cache", "mail"]))
        .boot()
        .await?;
    let began = Instant::now();
    let report = registry.shutdown().await?;
    assert_eq!(recorder.of("down"), ["users", "cache", "mail", "db"]);
    assert_eq!(recorder.at("shutdown cache"), recorder.at("shutdown mail"));
    assert_eq!(began.elapsed(), ms(300), "the longest path of the shutdown");
    assert_eq!(report.total, ms(300));
    assert_eq!(report.services.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["users", "cache", "mail", "db"]);
    Ok(())
}

// shows: S02
#[tokio::test(start_paused = true)]
async fn a_dependency_stops_only_after_its_dependant_has_stopped() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("a"))
        .define(recorder.service("b", ms(0), ms(100)).requires(["a"]))
        .boot()
        .await?;
    registry.shutdown().await?;
    assert_eq!(recorder.at("shutdown a"), ms(100));
    let lines = event_lines(&registry);
    let at = |line: &str| lines.iter().position(|it| it == line);
    assert!(at("stopped b") < at("draining a"), "{lines:?}");
    Ok(())
}

// shows: S03, S04
#[tokio::test(start_paused = true)]
async fn a_failed_shutdown_does_not_stop_the_others_and_every_error_is_returned() -> Result<()> {
    let recorder = Recorder::new();
    let failing = |name: &str| {
        let error = format!("{name} would not stop");
        Definition::new(name).requires(["a"]).shutdown(move |_, _| {
            let error = error.clone();
            async { Err(error.into()) }
        })
    };
    let registry = isolated().define(recorder.quick("a")).define(failing("b")).define(failing("c")).boot().await?;
    let error = registry.shutdown().await.expect_err("b and c fail");
    let report = error.report().expect("it was waited for");
    let failures: Vec<_> = report.failures().map(|it| (it.service(), it.phase().clone())).collect();
    assert_eq!(failures, [("c", Phase::Shutdown), ("b", Phase::Shutdown)], "in the reverse order of the plan");
    assert_eq!(recorder.count("down a"), 1);
    let text = error.to_string();
    assert!(text.contains("b would not stop") && text.contains("c would not stop"), "{text}");
    Ok(())
}

// shows: S07
#[tokio::test(start_paused = true)]
async fn repeated_shutdowns_run_hooks_once_and_return_the_same_result() -> Result<()> {
    let recorder = Recorder::new();
    let bad = Definition::new("bad").shutdown(|_, _| async {
        sleep(ms(5)).await;
        Err("no".into())
    });
    let registry = isolated().define(recorder.quick("a")).define(bad).boot().await?;
    let (first, second) = tokio::join!(registry.shutdown(), registry.shutdown());
    let later = registry.shutdown().await;
    let errors = [first, second, later].map(|result| result.expect_err("bad fails").to_string());
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    assert_eq!(recorder.count("shutdown a"), 1);
    Ok(())
}

// shows: S08
#[tokio::test(start_paused = true)]
async fn a_shutdown_of_a_registry_without_services_succeeds() -> Result<()> {
    let registry = isolated().boot().await?;
    let report = registry.shutdown().await?;
    assert!(report.services.is_empty());
    Ok(())
}

// shows: S09
#[tokio::test(start_paused = true)]
async fn a_shutdown_during_the_boot_stops_only_the_ready_services() {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let up = recorder.clone();
    // There is no registry before it is booted, but its token can be cancelled.
    let token = tokio_util::sync::CancellationToken::new();
    let trigger = token.clone();
    let error = isolated()
        .cancel(token)
        .on_event(collector.listener())
        .define(up.quick("a"))
        .define(recorder.service("b", ms(300), ms(0)).requires(["a"]))
        .define(Definition::new("trigger").requires(["a"]).init(move |_| {
            let token = trigger.clone();
            async move {
                sleep(ms(50)).await;
                token.cancel();
                Ok(())
            }
        }))
        .boot()
        .await
        .expect_err("the boot is cancelled");
    assert!(matches!(error.failure(), BootFailure::Cancelled), "{error}");
    assert_eq!(recorder.entries(), ["init a", "up a", "init b", "shutdown a", "down a"]);
    assert_eq!(
        collector.of("unwound").len() + collector.of("ready").len(),
        3,
        "a is ready, b is unwound, and the trigger is one of the two"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ignores_a_lazy_service_that_was_never_used() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.quick("a")).define(hanging("never").lazy()).boot().await?;
    registry.request_shutdown("enough");
    let report = registry.stopped().await?;
    assert_eq!(report.services.len(), 1, "{report}");
    Ok(())
}

// shows: S20
#[tokio::test(start_paused = true)]
async fn the_reason_reaches_every_hook_and_the_report() -> Result<()> {
    let recorder = Recorder::new();
    let hook = recorder.clone();
    let curious = Definition::new("a")
        .init(async |cx| {
            assert_eq!(cx.reason(), None, "there is no reason before the shutdown");
            Ok(())
        })
        .shutdown(move |_, cx| {
            hook.record(cx.reason().map(|reason| reason.to_string()).unwrap_or_default());
            async { Ok(()) }
        });
    let registry = isolated().define(curious).boot().await?;
    registry.request_shutdown("the lease was lost");
    registry.request_shutdown("a later one changes nothing");
    let report = registry.stopped().await?;
    assert_eq!(recorder.entries(), ["the lease was lost"]);
    assert_eq!(report.reason, ShutdownReason::from("the lease was lost"));
    Ok(())
}

// shows: S20
#[tokio::test(start_paused = true)]
async fn a_rollback_has_its_reason_too() {
    let recorder = Recorder::new();
    let hook = recorder.clone();
    let curious = Definition::new("a").shutdown(move |_, cx| {
        hook.record(format!("{:?}", cx.reason()));
        async { Ok(()) }
    });
    isolated().define(curious).define(tests::failing("b", "no").requires(["a"])).boot().await.expect_err("b fails");
    assert_eq!(recorder.entries(), [format!("{:?}", Some(ShutdownReason::BootFailed))]);
}

// shows: S12
#[tokio::test(start_paused = true)]
async fn readiness_turns_false_at_the_request_and_calls_run_during_lame_duck() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().lame_duck(ms(3_000)).define(recorder.quick("a")).boot().await?;
    registry.request_shutdown("rolling update");
    sleep(ms(2_999)).await;
    assert!(!registry.is_ready());
    assert!(registry.get_named::<()>("a").is_ok(), "a still serves");
    assert_eq!(recorder.of("shutdown"), Vec::<String>::new());
    registry.stopped().await?;
    assert_eq!(recorder.at("shutdown a"), ms(3_000));
    Ok(())
}

// shows: S19
#[tokio::test(start_paused = true)]
async fn a_dropped_registry_reports_running_services_and_stops_them() -> Result<()> {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let down = Latch::new();
    let ended = down.clone();
    let registry = isolated()
        .on_event(collector.listener())
        .on_event(move |event| {
            if matches!(event.kind, service_core::EventKind::ShutDown { .. }) {
                ended.open();
            }
        })
        .define(recorder.quick("a"))
        .define(recorder.quick("b").requires(["a"]))
        .boot()
        .await?;
    let clone = registry.clone();
    drop(registry);
    sleep(ms(10)).await;
    assert_eq!(recorder.of("shutdown"), Vec::<String>::new(), "a clone of the registry is left");
    drop(clone);
    down.opened().await;
    assert!(collector.lines().contains(&"left running a, b".to_owned()), "{:?}", collector.lines());
    assert_eq!(recorder.of("down"), ["b", "a"]);
    Ok(())
}

// shows: S21
#[tokio::test(start_paused = true)]
async fn stopped_returns_when_any_shutdown_ends() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("a", ms(0), ms(70))).boot().await?;
    let watching = tokio::spawn({
        let registry = registry.clone();
        async move { registry.stopped().await.map(|report| report.total) }
    });
    sleep(ms(5)).await;
    assert!(!watching.is_finished(), "no shutdown is requested yet");
    registry.shutdown().await?;
    assert_eq!(watching.await??, ms(70));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tasks_end_before_the_shutdown_hook_and_cleanups_run_after_it_in_reverse() -> Result<()> {
    let recorder = Recorder::new();
    let (init, shutdown) = (recorder.clone(), recorder.clone());
    let definition = Definition::new("a")
        .init(move |cx| {
            let [task, first, second] = std::array::from_fn(|_| init.clone());
            let stopping = cx.stopping();
            cx.defer(async move { first.record("first cleanup") });
            cx.defer(async move { second.record("second cleanup") });
            cx.spawn("poll", async move {
                stopping.cancelled().await;
                sleep(ms(20)).await;
                task.record("task ended");
            });
            async { Ok(()) }
        })
        .shutdown(move |_, cx| {
            shutdown.record("shutdown");
            assert!(cx.tasks().is_empty());
            async { Ok(()) }
        });
    let registry = isolated().define(definition).boot().await?;
    let report = registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["task ended", "shutdown", "second cleanup", "first cleanup"]);
    assert_eq!(report.services[0].drain, ms(20));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_spawned_too_late_is_refused_and_reported() -> Result<()> {
    let collector = EventCollector::new();
    let late = Definition::new("a").shutdown(|_, cx| async move {
        assert!(!cx.spawn("late", async {}), "the service is stopping");
        Ok(())
    });
    let registry = isolated().on_event(collector.listener()).define(late).boot().await?;
    registry.shutdown().await?;
    assert_eq!(collector.of("task refused"), ["a"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_outlives_its_instance_is_reported() -> Result<()> {
    let registry = isolated().define(Definition::new("a").init(async |_| Ok(1_u32))).boot().await?;
    let kept = registry.get_named::<u32>("a")?;
    let report = registry.shutdown().await?;
    assert_eq!(report.services[0].still_held, 1);
    assert!(report.to_string().contains("a reference outlives it"), "{report}");
    drop(kept);
    Ok(())
}
