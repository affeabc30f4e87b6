//! Restarts of services: which other services restart with them, and what happens to the old instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{
    Context, Definition, EventKind, Lifecycle, NotReady, Refusal, Restart, Result, ShutdownReason, State, guarded,
    service,
};
use tests::{EventCollector, Latch, Recorder, event_lines, isolated, ms};
use tokio::time::{Instant, sleep, timeout};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Up to two restarts in a minute, each after a second.
const RESTART: Restart = Restart::transient().intensity(2, secs(60)).backoff(secs(1), secs(1));

/// Spawns a supervised task that fails permanently when the latch opens.
fn breaks(cx: &Context<()>, broken: &Latch) {
    let broken = broken.clone();
    cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), move || {
        let broken = broken.clone();
        async move {
            broken.opened().await;
            Err::<(), _>("the pump is stuck")
        }
    });
}

/// A service whose first instance fails when the latch opens.
fn fails_once(name: &str, recorder: &Recorder, broken: &Latch) -> Definition<()> {
    let starts = Arc::new(AtomicU32::new(0));
    let (broken, hooks, down) = (broken.clone(), recorder.clone(), recorder.clone());
    let (init, shutdown) = (format!("init {name}"), format!("shutdown {name}"));
    let definition = Definition::new(name).restart(RESTART).init(move |cx| {
        hooks.record(&init);
        if starts.fetch_add(1, Ordering::SeqCst) == 0 {
            breaks(&cx, &broken);
        }
        async { Ok(()) }
    });
    definition.shutdown(move |_, _| {
        down.record(&shutdown);
        async { Ok(()) }
    })
}

// shows: R13
#[tokio::test(start_paused = true)]
async fn a_restart_stops_dependants_first_and_starts_them_last_and_affects_no_other_service() -> Result<()> {
    let (recorder, broken, collector) = (Recorder::new(), Latch::new(), EventCollector::new());
    let registry = isolated()
        .define(recorder.quick("below"))
        .define(fails_once("it", &recorder, &broken).requires(["below"]))
        .define(recorder.quick("above").requires(["it"]))
        .define(recorder.quick("top").requires(["above"]))
        .define(recorder.quick("beside").requires(["below"]))
        .on_event(collector.listener())
        .boot()
        .await?;
    recorder.clear();
    broken.open();
    sleep(secs(2)).await;
    assert_eq!(recorder.of("shutdown"), ["top", "above", "it"]);
    assert_eq!(recorder.of("init"), ["it", "above", "top"]);
    assert_eq!(collector.of("restarting"), ["it"]);
    assert!(registry.is_ready());
    let report = registry.report();
    let waited = |name: &str| report.services.iter().find(|it| it.name == name).map(|it| it.waited);
    assert_eq!(
        (waited("it"), waited("above")),
        (Some(secs(1)), Some(secs(1))),
        "the times since the restart: {report}"
    );
    registry.shutdown().await?;
    assert_eq!(recorder.of("shutdown").len(), 3 + 5, "{:?}", recorder.entries());
    Ok(())
}

#[service(lazy, restart = RESTART)]
#[derive(Debug)]
struct Pump {
    life: u32,
}

static STARTS: AtomicU32 = AtomicU32::new(0);

impl Lifecycle for Pump {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let life = STARTS.fetch_add(1, Ordering::SeqCst);
        let task = cx.clone();
        cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), move || {
            let cx = task.clone();
            async move { if cx.sleep(secs(10)).await && life == 0 { Err("the pump is stuck") } else { Ok(()) } }
        });
        sleep(secs(1)).await;
        Ok(Self { life })
    }
}

impl Pump {
    #[guarded]
    async fn life(&self) -> Result<u32> {
        Ok(self.life)
    }

    #[guarded]
    async fn current() -> Result<u32> {
        Ok(Self::service().await?.life)
    }

    #[guarded(refuse)]
    async fn hurried(&self) -> Result<u32> {
        Ok(self.life)
    }

    #[guarded]
    fn now(&self) -> Result<u32> {
        Ok(self.life)
    }
}

#[tokio::test(start_paused = true)]
async fn calls_on_the_old_instance_are_refused_and_other_callers_get_the_new_one() -> Result<()> {
    let registry = isolated().with::<Restarted>().only::<Restarted>().boot().await?;
    let old = registry.get::<Restarted>()?.pump.clone();
    assert_eq!((old.life().await?, old.now()?), (0, 0));
    sleep(ms(10_500)).await;
    assert_eq!(registry.state::<Pump>(), State::Starting, "the restart delay is over, and the init takes a second");
    let new = registry.scope(Pump::service()).await?;
    assert_eq!((new.life().await?, new.now()?, registry.scope(Pump::current()).await?), (1, 1, 1));
    for refusal in [old.life().await, old.hurried().await, old.now()] {
        let refusal = refusal.expect_err("the instance is the old one").to_string();
        assert!(refusal.contains("replaced") && refusal.contains("Pump::service()"), "{refusal}");
    }
    let restarted = registry.get::<Restarted>()?;
    assert!(Arc::ptr_eq(&restarted.pump, &new), "the dependant holds the new instance");
    drop((old, new, restarted));
    registry.shutdown().await?;
    Ok(())
}

#[service(lazy, autowire)]
struct Restarted {
    pump: Arc<Pump>,
}

/// A service with a task and a call that use its dependant `River` while it restarts.
#[service(lazy, restart = RESTART)]
struct Source;

static SOURCES: AtomicU32 = AtomicU32::new(0);

impl Lifecycle for Source {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        if SOURCES.fetch_add(1, Ordering::SeqCst) == 0 {
            cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), async || {
                sleep(secs(1)).await;
                Err::<(), _>("the pump is stuck")
            });
            let stopping = cx.stopping();
            cx.spawn("flush", async move {
                stopping.cancelled().await;
                River::flow().await
            });
        }
        Ok(Self)
    }
}

impl Source {
    #[guarded]
    async fn fill(&self) -> Result<(), NotReady> {
        sleep(ms(1_100)).await;
        River::flow().await
    }
}

#[service(lazy, autowire)]
struct River {
    _source: Arc<Source>,
}

impl River {
    #[guarded]
    async fn flow() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_from_a_restarting_service_to_its_dependant_is_refused_as_a_cycle() -> Result<()> {
    let registry = isolated().only::<River>().boot().await?;
    let began = Instant::now();
    let source = registry.get::<Source>()?;
    let error = registry.scope(source.fill()).await.expect_err("River is stopped until Source has restarted");
    assert_eq!(began.elapsed(), ms(1_500));
    let Refusal::Cycle(path) = error.cause() else { panic!("{error}") };
    assert_eq!(*path, ["a call of Source", "River", "Source", "a call of Source"]);
    drop(source);
    registry.wait_ready::<River>().await?;
    assert_eq!(began.elapsed(), ms(1_500 + 500 + 1_000), "the call, the task, and the restart delay");
    let failures = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::TaskFailed { task, failure, .. } if &*task == "flush" => Some(failure.to_string()),
        _ => None,
    });
    let said = "task flush of Source waits for River, which waits for Source, which waits for task flush of Source";
    assert!(failures.collect::<String>().contains(said));
    registry.shutdown().await?;
    Ok(())
}

// shows: R11
#[tokio::test(start_paused = true)]
async fn a_failure_during_a_restart_counts_and_is_retried_under_the_same_policy() -> Result<()> {
    let (broken, collector) = (Latch::new(), EventCollector::new());
    let starts = Arc::new(AtomicU32::new(0));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(RESTART).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            breaks(&cx, &pump);
        }
        async move { if life == 1 { Err("not yet".into()) } else { Ok(()) } }
    });
    let above = Definition::new("above").requires(["it"]).init(async |_| Ok(()));
    let registry = isolated().define(definition).define(above).on_event(collector.listener()).boot().await?;
    broken.open();
    sleep(secs(5)).await;
    assert_eq!(starts.load(Ordering::SeqCst), 3);
    assert_eq!(collector.of("restarting"), ["it", "it"]);
    assert_eq!(collector.of("failed"), tests::NONE);
    assert!(registry.is_ready() && event_lines(&registry).iter().filter(|it| *it == "ready above").count() == 2);
    registry.shutdown().await?;
    Ok(())
}

// shows: R10
#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_too_often_shuts_the_registry_down_with_its_reason() -> Result<()> {
    let (broken, starts) = (Latch::new(), Arc::new(AtomicU32::new(0)));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(RESTART).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            breaks(&cx, &pump);
        }
        async move { if life > 0 { Err("the pump has burst".into()) } else { Ok(()) } }
    });
    let recorder = Recorder::new();
    let registry = isolated().define(definition).define(recorder.quick("beside")).boot().await?;
    broken.open();
    let error = registry.stopped().await.expect_err("the service fails permanently");
    let report = error.report().expect("the registry is shut down");
    assert!(
        matches!(&report.reason, ShutdownReason::Failed(words) if words.contains("the pump has burst")),
        "{report}"
    );
    assert_eq!(starts.load(Ordering::SeqCst), 1 + 2, "two restarts, as many as the intensity allows");
    assert_eq!(recorder.of("shutdown"), ["beside"]);
    Ok(())
}

/// The restart delays of a service that fails as soon as it is ready, and those of its failing task.
async fn delays(seed: u64) -> Result<Vec<Duration>> {
    let policy = Restart::transient().intensity(4, secs(60)).backoff(secs(1), secs(1)).jitter(0.5).seed(seed);
    let definition = Definition::new("it").restart(policy).init(move |cx: Context<()>| {
        cx.tasks().supervised("pump", policy, || async { Err::<(), _>("the pump is stuck") });
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    registry.stopped().await.expect_err("the service fails permanently");
    let events = registry.events();
    let delays = events.iter().filter_map(|event| match event.kind {
        EventKind::Restarting { delay, .. } | EventKind::TaskRestarting { delay, .. } => Some(delay),
        _ => None,
    });
    Ok(delays.collect())
}

// shows: R12
#[tokio::test(start_paused = true)]
async fn the_jitter_of_restart_delays_depends_on_the_seed() -> Result<()> {
    let one = delays(1).await?;
    assert_eq!(one.len(), 4 + 4 * 5, "those of the service, and those of the task in each of its five instances");
    assert!(one.iter().all(|delay| (ms(1000)..ms(1500)).contains(delay)), "{one:?}");
    assert_ne!(one[0], one[1], "each delay has its own jitter");
    assert_eq!(one, delays(1).await?);
    assert_ne!(one, delays(2).await?);
    Ok(())
}

// shows: R15
#[tokio::test(start_paused = true)]
async fn services_that_an_optional_service_blocked_start_when_it_recovers() -> Result<()> {
    let attempts = Arc::new(AtomicU32::new(0));
    let count = attempts.clone();
    let flaky = Definition::new("flaky").optional().restart(RESTART).init(move |_| {
        let attempt = count.fetch_add(1, Ordering::SeqCst);
        async move { if attempt < 2 { Err("no answer".into()) } else { Ok(()) } }
    });
    let recorder = Recorder::new();
    let blocked = recorder.quick("blocked").optional().requires(["flaky"]);
    let registry = isolated().define(flaky).define(blocked).boot().await?;
    assert_eq!(recorder.entries(), tests::NONE, "the boot does not wait for flaky");
    let refusal = registry.get_named::<()>("blocked").expect_err("flaky blocks it");
    assert!(matches!(refusal.cause(), Refusal::Blocked(by, _) if by == "flaky"), "{refusal}");
    sleep(secs(5)).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    registry.get_named::<()>("blocked")?;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_that_fails_permanently_does_not_affect_the_rest() -> Result<()> {
    let broken = Latch::new();
    let pump = broken.clone();
    let definition = Definition::new("it").optional().init(move |cx: Context<()>| {
        breaks(&cx, &pump);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    broken.open();
    sleep(secs(60)).await;
    assert!(registry.is_ready());
    let error = registry.shutdown().await.expect_err("the failed task is in the report");
    assert!(error.to_string().contains("the pump is stuck"), "{error}");
    Ok(())
}

// shows: R12
#[tokio::test(start_paused = true)]
async fn a_quiet_period_resets_the_restart_delay_once() -> Result<()> {
    let policy = Restart::transient().intensity(9, secs(60)).backoff(secs(1), secs(30)).quiet(secs(60));
    let (broken, starts) = (Latch::new(), Arc::new(AtomicU32::new(0)));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(policy).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            breaks(&cx, &pump);
        }
        async move { if (1..4).contains(&life) { Err("not yet".into()) } else { Ok(()) } }
    });
    let registry = isolated().define(definition).boot().await?;
    sleep(secs(100)).await;
    broken.open();
    sleep(secs(30)).await;
    assert!(registry.is_ready());
    let delays = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Restarting { delay, .. } => Some(delay),
        _ => None,
    });
    assert_eq!(delays.collect::<Vec<_>>(), [1, 2, 4, 8].map(secs));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_restart_keeps_to_its_budget() -> Result<()> {
    let broken = Latch::new();
    let pump = broken.clone();
    let definition = Definition::new("it").restart(RESTART).shutdown_timeout(secs(60)).init(move |cx: Context<()>| {
        breaks(&cx, &pump);
        async { Ok(()) }
    });
    let stuck = definition.shutdown(async |_, _| std::future::pending().await);
    let registry = isolated().define(stuck).shutdown_timeout(secs(5)).boot().await?;
    broken.open();
    sleep(secs(1)).await;
    let began = Instant::now();
    registry.shutdown().await.expect_err("the shutdown hook hangs");
    assert_eq!(began.elapsed().as_secs(), 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_that_does_not_recover_shuts_the_registry_down_if_it_blocks_a_mandatory_one() -> Result<()>
{
    let (broken, starts, recorder) = (Latch::new(), Arc::new(AtomicU32::new(0)), Recorder::new());
    let pump = broken.clone();
    let definition = Definition::new("it").optional().restart(RESTART).init(move |cx: Context<()>| {
        let life = starts.fetch_add(1, Ordering::SeqCst);
        breaks(&cx, &pump);
        async move { if life > 0 { Err("the pump has burst".into()) } else { Ok(()) } }
    });
    let registry = isolated().define(definition).define(recorder.quick("above").requires(["it"])).boot().await?;
    broken.open();
    let stopped = timeout(secs(600), registry.stopped()).await?;
    let error = stopped.expect_err("above is not optional");
    let reason = error.report().map(|report| report.reason.clone());
    assert!(matches!(reason, Some(ShutdownReason::Failed(words)) if words.contains("the pump has burst")), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_restart_delay_ends_at_once() -> Result<()> {
    let (recorder, broken) = (Recorder::new(), Latch::new());
    let registry =
        isolated().define(fails_once("it", &recorder, &broken)).define(recorder.quick("beside")).boot().await?;
    broken.open();
    sleep(ms(500)).await;
    let began = Instant::now();
    registry.shutdown().await?;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(recorder.count("init it"), 1);
    assert_eq!(recorder.count("shutdown it"), 1, "the shutdown does not stop it again");
    Ok(())
}

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

/// A service whose second `init` fails.
#[service(lazy)]
#[derive(Debug)]
struct Below;

impl Lifecycle for Below {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        if ATTEMPTS.fetch_add(1, Ordering::SeqCst) == 1 { Err("not now".into()) } else { Ok(Self) }
    }
}

#[service(lazy, requires = [Below])]
#[derive(Debug)]
struct Above;

impl Lifecycle for Above {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("never".into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_later_first_use_does_not_shut_the_registry_down() -> Result<()> {
    let registry = isolated().boot().await?;
    for error in ["never", "not now", "never"] {
        let refusal = registry.wait_ready::<Above>().await.expect_err("it fails").to_string();
        assert!(refusal.contains(error), "{refusal}");
        sleep(secs(1)).await;
        assert_ne!(registry.state::<Below>(), State::Ready, "no other service needs Below");
    }
    assert!(registry.is_ready());
    registry.shutdown().await?;
    Ok(())
}
