//! Restarts of services: which other services restart with them, and what happens to the old instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{
    Context, Definition, EventKind, Lifecycle, NotReady, Refusal, Restart, Result, State, guarded, service,
};
use tests::{EventCollector, Latch, Recorder, fail_when_open, isolated, ms, secs};
use tokio::time::{Instant, sleep};

/// Up to two restarts in a minute, each after a second.
const RESTART: Restart = Restart::transient().intensity(2, secs(60)).backoff(secs(1), secs(1));

/// A service whose first instance fails when the latch opens.
fn fails_once(name: &str, recorder: &Recorder, broken: &Latch) -> Definition<()> {
    let starts = Arc::new(AtomicU32::new(0));
    let (broken, hooks, down) = (broken.clone(), recorder.clone(), recorder.clone());
    let (init, shutdown) = (format!("init {name}"), format!("shutdown {name}"));
    let definition = Definition::new(name).restart(RESTART).init(move |cx| {
        hooks.record(&init);
        if starts.fetch_add(1, Ordering::SeqCst) == 0 {
            fail_when_open(&cx, &broken);
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
    assert!(matches!(refusal.cause(), Refusal::Blocked { by, .. } if by == "flaky"), "{refusal}");
    sleep(secs(5)).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    registry.get_named::<()>("blocked")?;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_restart_keeps_to_its_budget() -> Result<()> {
    let broken = Latch::new();
    let pump = broken.clone();
    let definition = Definition::new("it").restart(RESTART).shutdown_timeout(secs(60)).init(move |cx: Context<()>| {
        fail_when_open(&cx, &pump);
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
