//! Periodic tasks: when they run, and what follows a run that is slow or fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Lifecycle, NotReady, Result, Schedule, guarded, service};
use tests::{Recorder, event_lines, isolated, ms, secs, worker};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn a_periodic_task_runs_at_once_and_then_at_every_interval_until_its_service_stops() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let run = run.clone();
        cx.tasks().periodic("tick", secs(10), move || {
            run.record("tick");
            async {}
        });
    })
    .await?;
    sleep(secs(25)).await;
    assert_eq!(recorder.times("tick"), [secs(0), secs(10), secs(20)]);
    let began = Instant::now();
    registry.shutdown().await?;
    assert_eq!(began.elapsed(), Duration::ZERO, "the shutdown does not wait for the next run");
    sleep(secs(60)).await;
    assert_eq!(recorder.count("tick"), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_periodic_task_can_have_an_initial_delay() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let run = run.clone();
        cx.tasks().periodic("tick", Schedule::new(secs(10)).first_after(secs(3)), move || {
            run.record("tick");
            async {}
        });
    })
    .await?;
    sleep(secs(25)).await;
    assert_eq!(recorder.times("tick"), [secs(3), secs(13), secs(23)]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_periodic_task_that_is_slower_than_its_interval_skips_missed_runs() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let run = run.clone();
        cx.tasks().periodic("slow", secs(10), move || {
            run.record("begin");
            sleep(secs(25))
        });
    })
    .await?;
    sleep(secs(95)).await;
    assert_eq!(recorder.times("begin"), [secs(0), secs(30), secs(60), secs(90)], "runs neither overlap nor catch up");
    registry.request_shutdown("enough");
    let report = registry.stopped().await.expect_err("the current run exceeds the drain budget");
    assert!(report.to_string().contains("slow"), "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_periodic_run_that_fails_or_panics_is_reported_and_followed_by_the_next() -> Result<()> {
    let runs = Arc::new(AtomicU32::new(0));
    let count = runs.clone();
    let (registry, _) = worker(move |cx| {
        let count = count.clone();
        cx.tasks().periodic("shaky", secs(1), move || {
            let run = count.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0 => Err("no"),
                    1 => panic!("worse"),
                    _ => Ok(()),
                }
            }
        });
    })
    .await?;
    sleep(ms(3_500)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(event_lines(&registry).iter().filter(|it| *it == "task failed worker").count(), 2);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn jitter_delays_each_periodic_run_after_the_first_by_less_than_its_bound() -> Result<()> {
    let recorder = Recorder::new();
    let run = recorder.clone();
    let (registry, _) = worker(move |cx| {
        let run = run.clone();
        cx.tasks().periodic("spread", Schedule::new(secs(10)).jitter(secs(4)), move || {
            run.record("run");
            async {}
        });
    })
    .await?;
    sleep(secs(1_000)).await;
    let times = recorder.times("run");
    assert_eq!(times[0], secs(0));
    let late: Vec<_> = times.iter().map(|time| Duration::from_millis(time.as_millis() as u64 % 10_000)).collect();
    assert!(late.iter().all(|late| *late <= secs(4)), "{times:?}");
    assert!(late.iter().collect::<std::collections::HashSet<_>>().len() > 10, "the delays differ: {times:?}");
    registry.shutdown().await?;
    Ok(())
}

/// A service that looks at something every 30 s, and remembers when.
#[service(lazy)]
struct Monitor {
    last_check: watch::Receiver<Option<Instant>>,
}

impl Lifecycle for Monitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let (checked, last_check) = watch::channel(None);
        cx.tasks().periodic("check", Schedule::new(secs(30)).first_after(secs(30)), move || {
            checked.send_replace(Some(Instant::now()));
            async {}
        });
        Ok(Self { last_check })
    }
}

impl Monitor {
    #[guarded]
    fn last_check(&self) -> Result<Option<Instant>, NotReady> {
        Ok(*self.last_check.borrow())
    }
}

#[tokio::test(start_paused = true)]
async fn a_guarded_method_returns_when_a_periodic_check_ran_last() -> Result<()> {
    let began = Instant::now();
    let registry = isolated().only::<Monitor>().boot().await?;
    let monitor = registry.get::<Monitor>()?;
    assert_eq!(monitor.last_check()?, None);
    sleep(secs(75)).await;
    assert_eq!(monitor.last_check()?, Some(began + secs(60)));
    registry.shutdown().await?;
    assert!(monitor.last_check().is_err());
    Ok(())
}
