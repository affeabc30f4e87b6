//! Jobs, whose result somebody takes; and single tasks that are stopped, aborted or delayed.

use std::future::pending;

use service_core::{Context, Definition, EventKind, Health, Restart, Result, Schedule, ShutdownReport};
use tests::{EventCollector, Recorder, event_lines, isolated, ms, secs, worker};
use tokio::time::{sleep, timeout};

#[tokio::test(start_paused = true)]
async fn the_owner_of_a_job_takes_its_result() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let sum = cx.spawn_job("sum", async { Ok::<_, std::io::Error>(1 + 2) });
    assert_eq!((sum.name(), cx.tasks().names()), ("sum", vec!["sum".to_owned()]));
    assert_eq!(sum.await?, 3);
    let failed = cx.spawn_job("import", async { Err::<(), _>("line 7 has no date") });
    let error = failed.await.expect_err("it fails");
    assert_eq!(
        error.to_string().split(" (").next(),
        Some("task import of worker failed after 0ns: line 7 has no date")
    );
    let panicked = cx.spawn_job::<_, (), std::io::Error>("import", async { panic!("no date") });
    assert!(panicked.await.expect_err("it panics").to_string().contains("no date"));
    assert_eq!(registry.health().await.health(), Health::Healthy);
    assert!(!event_lines(&registry).contains(&"task failed worker".to_owned()), "the owner has the failures");
    assert!(registry.shutdown().await?.is_clean());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_a_job_that_nobody_takes_is_an_event_and_nothing_else() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let fails = || async {
        sleep(ms(1)).await;
        Err::<(), _>("no")
    };
    // One handle is dropped before the failure, one after it.
    drop(cx.spawn_job("before", fails()));
    let after = cx.spawn_job("after", fails());
    sleep(secs(1)).await;
    assert!(after.is_finished());
    let tasks = || {
        let events = registry.events();
        let tasks = events.into_iter().filter_map(|event| match event.kind {
            EventKind::TaskFailed { task, .. } => Some(task.to_string()),
            _ => None,
        });
        tasks.collect::<Vec<_>>()
    };
    assert_eq!(tasks(), ["before"]);
    drop(after);
    assert_eq!(tasks(), ["before", "after"]);
    assert_eq!(registry.health().await.health(), Health::Healthy);
    assert!(registry.shutdown().await?.is_clean());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_job_is_asked_to_stop_then_awaited_then_aborted() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let polite = cx.clone();
    let mut job = cx.spawn_job("polite", async move {
        polite.stopping().cancelled().await;
        Ok::<_, std::io::Error>("ended")
    });
    assert!(timeout(secs(1), &mut job).await.is_err());
    job.stop();
    assert_eq!(timeout(secs(1), job).await??, "ended");
    assert!(!cx.stopping().is_cancelled(), "the service goes on");

    let mut job = cx.spawn_job::<_, (), std::io::Error>("deaf", pending());
    job.stop();
    assert!(timeout(secs(1), &mut job).await.is_err());
    job.abort();
    assert!(job.await.expect_err("it has no result").to_string().contains("it was aborted"));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_job_and_its_owner_gets_the_result() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let job = cx.spawn_job("slow", async {
        sleep(secs(2)).await;
        Ok::<_, std::io::Error>(1)
    });
    let report = registry.shutdown().await?;
    assert_eq!((report.total, job.await?), (secs(2), 1));
    let refused = cx.spawn_job("late", async { Ok::<_, std::io::Error>(2) });
    let error = refused.await.expect_err("no job starts after the service has stopped");
    assert!(error.to_string().contains("its service is stopping"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_single_task_is_asked_to_stop_and_aborted_if_it_does_not() -> Result<()> {
    let recorder = Recorder::new();
    let (registry, cx) = worker(|_| {}).await?;
    let (polite, ended) = (cx.clone(), recorder.clone());
    cx.spawn("polite", async move {
        while polite.sleep(secs(1)).await {}
        ended.record("polite ended");
    });
    let runs = recorder.clone();
    cx.tasks().periodic("periodic", secs(1), move || {
        runs.record("run");
        async {}
    });
    let starts = recorder.clone();
    cx.tasks().supervised("supervised", Restart::permanent(), move || {
        starts.record("start");
        pending::<()>()
    });
    cx.spawn("other", pending::<()>());
    sleep(ms(2_500)).await;
    assert_eq!(cx.tasks().stop("polite", secs(1)).await, 0);
    assert_eq!(cx.tasks().stop("periodic", secs(1)).await, 0);
    assert_eq!(cx.tasks().stop("supervised", secs(1)).await, 1, "it does not listen");
    assert_eq!(cx.tasks().stop("nobody", secs(1)).await, 0);
    assert_eq!(cx.tasks().names(), ["other"]);
    sleep(secs(10)).await;
    assert_eq!((recorder.count("polite ended"), recorder.count("run"), recorder.count("start")), (1, 3, 1));
    assert_eq!(registry.health().await.health(), Health::Healthy, "what was stopped has not died");
    assert!(cx.tasks().abort("other"));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_aborted_task_is_gone_at_once_for_everybody_who_asks() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    cx.spawn("a", pending::<()>());
    assert!(cx.tasks().abort("a"));
    assert!(!cx.tasks().abort("a"), "there is none any more");
    assert_eq!((cx.tasks().names(), cx.tasks().len()), (Vec::<String>::new(), 0));
    assert!(cx.tasks().spawn_unique("a", pending::<()>()), "its name is free");
    assert!(!cx.tasks().spawn_unique("a", pending::<()>()));
    assert!(cx.tasks().abort("a"));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_periodic_task_can_wait_longer_after_an_error() -> Result<()> {
    let recorder = Recorder::new();
    let runs = recorder.clone();
    let (registry, _cx) = worker(move |cx| {
        let runs = runs.clone();
        cx.tasks().periodic("poll", Schedule::new(secs(1)).after_error(ms(3_500)), move || {
            runs.record("run");
            let fails = runs.count("run") == 2;
            async move { if fails { Err("no") } else { Ok(()) } }
        });
    })
    .await?;
    sleep(ms(6_500)).await;
    assert_eq!(recorder.times("run"), [secs(0), secs(1), secs(5), secs(6)]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_for_ever_with_a_pause() -> Result<()> {
    let recorder = Recorder::new();
    let runs = recorder.clone();
    let (registry, cx) = worker(move |cx| {
        let runs = runs.clone();
        cx.tasks().supervised("poll", Restart::forever(secs(2)), move || {
            runs.record("run");
            let fails = runs.count("run").is_multiple_of(2);
            async move { if fails { Err("no") } else { Ok(()) } }
        });
    })
    .await?;
    sleep(secs(1_999)).await;
    assert_eq!(recorder.count("run"), 1_000);
    assert_eq!(recorder.times("run")[999], secs(1_998));
    assert_eq!(registry.health().await.services.len(), 1);
    assert_eq!(cx.tasks().stop("poll", secs(1)).await, 0);
    assert!(registry.shutdown().await?.is_clean(), "it was not given up");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_of_a_failed_start_is_not_a_failure_of_the_rollback() -> Result<()> {
    let events = EventCollector::new();
    let definition = Definition::new("a").init(|cx: Context<()>| async move {
        let job = cx.spawn_job("probe", async { Err::<(), _>("no route") });
        Ok(job.await?)
    });
    let error = isolated().define(definition).on_event(events.listener()).boot().await.expect_err("the job fails");
    let first = error.failures().first().expect("a has failed").to_string();
    assert!(first.contains("no route"), "{first}");
    assert!(error.rollback().is_none_or(ShutdownReport::is_clean), "{error}");
    assert_eq!(events.of("task failed"), Vec::<String>::new());
    Ok(())
}
