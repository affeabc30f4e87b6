//! Background tasks: delayed, supervised, several of one name; no task outlives its service.

use std::time::Duration;

use service_core::{Context, Definition, Registry, Restart, Result, ShutdownReason};
use tests::{EventCollector, Latch, NONE, Recorder, event_lines, isolated, ms, secs, worker};
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_second_task_of_a_name_is_refused_replaces_the_first_or_runs_beside_it() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let recorder = Recorder::new();
    let forever = |word: &'static str| {
        let (recorder, stopping) = (recorder.clone(), cx.stopping());
        async move {
            recorder.record(word);
            stopping.cancelled().await;
            recorder.record(format!("{word} ended"));
        }
    };
    assert!(cx.tasks().spawn("a", forever("first")));
    assert!(!cx.tasks().spawn_unique("a", forever("refused")));
    assert!(cx.tasks().spawn("a", forever("second")));
    assert_eq!(cx.tasks().names(), ["a", "a"]);
    tokio::task::yield_now().await;
    assert!(cx.tasks().replace("a", forever("third")));
    tokio::task::yield_now().await;
    assert_eq!(cx.tasks().len(), 1);
    assert!(!cx.tasks().abort("b"));
    assert!(cx.tasks().spawn_unique("b", forever("b")));
    assert!(cx.tasks().abort("b"));
    assert_eq!(cx.tasks().wait_all(secs(5)).await, 1, "the third task still runs");
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["first", "second", "third", "third ended"]);
    assert!(!cx.spawn("late", async {}), "no task starts after the service has stopped");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_delayed_task_runs_once_and_is_removed() -> Result<()> {
    let recorder = Recorder::new();
    let (registry, cx) = worker(|_| {}).await?;
    let entry = |word: &'static str| {
        let recorder = recorder.clone();
        async move { recorder.record(word) }
    };
    cx.tasks().delayed("letter", secs(5), entry("first"));
    sleep(secs(2)).await;
    cx.tasks().delayed("letter", secs(5), entry("second"));
    sleep(secs(6)).await;
    assert_eq!(recorder.times("second"), [secs(7)]);
    assert_eq!((recorder.count("first"), cx.tasks().names()), (0, Vec::<String>::new()));
    cx.tasks().delayed("letter", secs(5), entry("never"));
    registry.shutdown().await?;
    sleep(secs(60)).await;
    assert_eq!(recorder.entries(), ["second"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_context_sleep_ends_when_the_service_stops() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    assert!(cx.sleep(secs(1)).await);
    let sleeper = tokio::spawn({
        let cx = cx.clone();
        async move { cx.sleep(secs(3_600)).await }
    });
    registry.shutdown().await?;
    assert!(!timeout(ms(1), sleeper).await??);
    Ok(())
}

// shows: R03
#[tokio::test(start_paused = true)]
async fn a_supervised_task_that_ends_during_shutdown_is_not_restarted() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        for (name, restart) in [("p", Restart::permanent()), ("tr", Restart::transient()), ("te", Restart::temporary())]
        {
            let (run, stopping) = (run.clone(), cx.stopping());
            cx.tasks().supervised(name, restart, move || {
                run.record(name);
                let stopping = stopping.clone();
                async move { stopping.cancelled().await }
            });
        }
    })
    .await?;
    sleep(secs(1)).await;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["p", "tr", "te"]);
    Ok(())
}

// shows: R06
#[tokio::test(start_paused = true)]
async fn a_failing_transient_task_is_restarted_after_a_growing_delay() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let run = run.clone();
        let restart = Restart::transient().backoff(secs(1), secs(60));
        cx.tasks().supervised("poll", restart, move || {
            run.record("poll");
            let runs = run.count("poll");
            async move { if runs < 4 { Err("no answer") } else { Ok(()) } }
        });
    })
    .await?;
    sleep(secs(60)).await;
    assert_eq!(recorder.times("poll"), [secs(0), secs(1), secs(3), secs(7)]);
    let lines = event_lines(&registry);
    assert_eq!(lines.iter().filter(|it| *it == "task restarting worker").count(), 3);
    registry.shutdown().await?;
    Ok(())
}

// shows: R17
#[tokio::test(start_paused = true)]
async fn a_task_that_fails_permanently_shuts_the_registry_down_with_its_failure() -> Result<()> {
    let collector = EventCollector::new();
    let definition = Definition::new("worker").init(|cx: Context<()>| async move {
        cx.tasks().supervised("poll", Restart::transient().intensity(2, secs(60)), || async {
            sleep(ms(10)).await;
            Err::<(), _>("the queue is gone")
        });
        Ok(())
    });
    let registry = isolated().define(definition).on_event(collector.listener()).boot().await?;
    let error = registry.stopped().await.expect_err("the task fails permanently");
    let report = error.report().expect("the registry is shut down");
    assert!(matches!(&report.reason, ShutdownReason::Failed(error) if error.contains("the queue is gone")), "{report}");
    let failure = report.failures().next().expect("the service has failed");
    assert!(failure.to_string().contains("task poll of worker") && !error.to_string().contains("cancelled"), "{error}");
    assert_eq!(collector.of("task failed"), ["worker", "worker", "worker"]);
    Ok(())
}

// shows: R20
#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_task_restart_delay_ends_at_once() -> Result<()> {
    let (registry, _) = worker(|cx| {
        let restart = Restart::permanent().backoff(secs(600), secs(600));
        cx.tasks().supervised("rare", restart, || async {});
    })
    .await?;
    sleep(secs(1)).await;
    let began = Instant::now();
    registry.shutdown().await?;
    assert_eq!(began.elapsed(), Duration::ZERO);
    Ok(())
}

// shows: R19
#[tokio::test(start_paused = true)]
async fn a_task_that_ignores_its_token_is_aborted_after_the_drain_budget_and_named() -> Result<()> {
    let dropped = Latch::new();
    struct OnDrop(Latch);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.open();
        }
    }
    let held = OnDrop(dropped.clone());
    let (registry, cx) = worker(|_| {}).await?;
    cx.spawn("deaf", async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
    let began = Instant::now();
    let error = registry.shutdown().await.expect_err("the task is aborted");
    assert_eq!(began.elapsed(), secs(10));
    assert!(error.to_string().contains("deaf"), "{error}");
    timeout(ms(1), dropped.opened()).await?;
    assert_eq!(cx.tasks().names(), NONE);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_task_replaces_no_running_task() -> Result<()> {
    let recorder = Recorder::new();
    let noted = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let (flush, late, recorder) = (cx.clone(), cx.clone(), noted.clone());
        cx.spawn("flush", async move {
            flush.stopping().cancelled().await;
            sleep(secs(2)).await;
            recorder.record("flushed");
        });
        cx.spawn("late", async move {
            late.stopping().cancelled().await;
            sleep(secs(1)).await;
            assert!(!late.tasks().replace("flush", async {}), "the service is stopping");
        });
    })
    .await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["flushed"], "the task ends within the drain budget");
    Ok(())
}

/// A value that spawns tasks when it is dropped.
struct Respawns(Registry, Context<()>);

impl Drop for Respawns {
    fn drop(&mut self) {
        self.0.spawn(async {});
        self.1.spawn("another", async {});
    }
}

#[test]
fn a_task_that_is_spawned_after_its_runtime_ended_ends_at_once() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let handle = runtime.handle().clone();
    let (registry, cx) = runtime.block_on(worker(|_| {})).expect("it boots");
    drop(runtime);
    let (send, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _inside = handle.enter();
        let (one, other) = (Respawns(registry.clone(), cx.clone()), Respawns(registry.clone(), cx.clone()));
        let started = cx.spawn("late", async move { drop(one) });
        registry.spawn(async move { drop(other) });
        send.send((started, cx.tasks().len(), event_lines(&registry)))
    });
    let (started, running, lines) = ended.recv_timeout(secs(60)).expect("the spawn does not deadlock");
    assert_eq!((started, running), (false, 0));
    assert!(lines.contains(&"task refused worker".to_owned()), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_nested_spawn_belongs_to_the_service_if_the_scope_is_passed_on() -> Result<()> {
    let (registry, cx) = worker(|_| ()).await?;
    let inside = tokio::spawn(async move { cx.scope(async { Registry::current() }).await }).await?;
    let inside = inside.ok_or("the scope names the registry")?;
    assert!(
        tokio::spawn(async { Registry::current() }).await?.is_none(),
        "there is no current registry outside of the scope"
    );
    let (other, cx) = worker(|_| ()).await?;
    let shut_down = cx.scope(async { Registry::current().expect("the scope has a registry").shutdown().await });
    let error = shut_down.await.expect_err("the shutdown would wait for itself").to_string();
    assert!(error.contains("worker"), "{error}");
    other.stopped().await?;
    assert!(inside.is_ready());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_asked_to_stop_can_read_its_remaining_time() -> Result<()> {
    let (left, remaining) = std::sync::mpsc::channel();
    let definition = Definition::new("worker").drain_timeout(secs(7)).init(move |cx: Context<()>| {
        let (left, task) = (left.clone(), cx.clone());
        cx.spawn("task", async move {
            task.stopping().cancelled().await;
            let _ = left.send(task.remaining());
        });
        async { Ok(()) }
    });
    isolated().define(definition).boot().await?.shutdown().await?;
    assert_eq!(remaining.recv()?, secs(7));
    Ok(())
}
