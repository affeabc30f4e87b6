//! What calls in flight may do while their service drains, and when waiting calls are refused or run.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Refusal, Restart, Result, State, guarded, service};
use tests::{Latch, Recorder, isolated, ms};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

#[service(lazy, autowire)]
struct World {
    init: Latch,
    fails: bool,
    recorder: Recorder,
}

#[service(lazy, requires = [World])]
struct Store;

impl Lifecycle for Store {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        cx.get::<World>().recorder.record("shutdown store");
        Ok(())
    }
}

#[guarded]
impl Store {
    pub async fn read(&self) -> Result<u32, NotReady> {
        Ok(1)
    }
}

#[service(lazy, requires = [World, Store], drain_timeout = "2s")]
struct Feed {
    store: Arc<Store>,
    recorder: Recorder,
    draining: CancellationToken,
}

impl Lifecycle for Feed {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let world = cx.get::<World>();
        world.init.opened().await;
        if world.fails {
            return Err("no feed".into());
        }
        Ok(Self { store: cx.get(), recorder: world.recorder.clone(), draining: cx.draining() })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.recorder.record("shutdown feed");
        Ok(())
    }
}

#[guarded]
impl Feed {
    /// A stream that ends when the service stops.
    pub async fn polite(&self) -> Result<(), NotReady> {
        self.draining.cancelled().await;
        self.recorder.record("ended");
        Ok(())
    }

    /// A stream that continues although the service stops.
    pub async fn endless(&self) -> Result<(), NotReady> {
        self.draining.cancelled().await;
        self.recorder.record("continued");
        std::future::pending().await
    }

    /// Uses a dependency while it is being drained.
    pub async fn late(&self) -> Result<u32, NotReady> {
        self.draining.cancelled().await;
        sleep(ms(100)).await;
        self.store.read().await
    }

    pub async fn whenever() -> Result<(), NotReady> {
        Ok(())
    }
}

fn world(recorder: &Recorder) -> World {
    World { init: Latch::new(), fails: false, recorder: recorder.clone() }
}

fn open(recorder: &Recorder) -> World {
    let world = world(recorder);
    world.init.open();
    world
}

// shows: S17
#[tokio::test(start_paused = true)]
async fn an_endless_stream_is_asked_to_stop_and_abandoned_when_the_drain_budget_ends() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace::<World>(open(&recorder)).only::<Feed>().boot().await?;
    let feed = registry.get::<Feed>()?;
    for _ in 0..2 {
        let feed = feed.clone();
        tokio::spawn(async move { feed.endless().await });
    }
    let polite = tokio::spawn(async move { feed.polite().await });
    sleep(ms(1)).await;
    let error = registry.shutdown().await.expect_err("two streams do not end");
    polite.await??;
    assert_eq!(recorder.count("continued"), 2, "both saw the token");
    assert!(recorder.in_order("ended", "shutdown feed"));
    let report = error.report().expect("it was waited for");
    let feed = report.services.iter().find(|it| it.name == "Feed").expect("it was up");
    assert_eq!(feed.drain, ms(2_000));
    let left: Vec<_> = feed.calls_left.iter().map(|it| (it.method.as_str(), it.count)).collect();
    assert_eq!(left, [("endless", 2)]);
    Ok(())
}

// shows: S02
#[tokio::test(start_paused = true)]
async fn a_call_in_flight_during_the_drain_may_call_the_services_dependencies() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace::<World>(open(&recorder)).only::<Feed>().boot().await?;
    let feed = registry.get::<Feed>()?;
    let late = tokio::spawn(async move { feed.late().await });
    sleep(ms(1)).await;
    registry.shutdown().await?;
    assert_eq!(late.await??, 1, "Store is ready until Feed has stopped");
    assert_eq!(recorder.of("shutdown"), ["feed", "store"]);
    Ok(())
}

// shows: D03
#[tokio::test(start_paused = true)]
async fn waiting_calls_are_refused_as_soon_as_the_init_fails() -> Result<()> {
    let world = World { fails: true, ..world(&Recorder::new()) };
    let init = world.init.clone();
    let registry = isolated().replace::<World>(world).boot().await?;
    let began = Instant::now();
    let calls: JoinSet<_> = (0..10)
        .map(|_| {
            let registry = registry.clone();
            async move { registry.scope(Feed::whenever()).await }
        })
        .collect();
    sleep(ms(5)).await;
    init.open();
    for refusal in calls.join_all().await {
        let refusal = refusal.expect_err("the init fails");
        assert!(
            matches!(refusal.cause(), Refusal::Failed(failure) if failure.to_string().contains("no feed")),
            "{refusal}"
        );
    }
    assert_eq!(began.elapsed(), ms(5));
    registry.shutdown().await?;
    Ok(())
}

// shows: D04, D12
#[tokio::test(start_paused = true)]
async fn a_waiting_call_that_is_cancelled_releases_its_place() -> Result<()> {
    let world = world(&Recorder::new());
    let init = world.init.clone();
    let registry = isolated().replace::<World>(world).boot().await?;
    for _ in 0..2 {
        let mut calls = JoinSet::new();
        for _ in 0..1_024 {
            let registry = registry.clone();
            calls.spawn(async move { registry.scope(Feed::whenever()).await });
        }
        sleep(ms(1)).await;
        let refusal = registry.scope(Feed::whenever()).await.expect_err("every place is taken");
        assert!(matches!(refusal.cause(), Refusal::Overloaded(_)), "{refusal}");
        calls.shutdown().await;
    }
    assert_eq!(registry.state::<Feed>(), State::Starting, "Feed starts although no call waits for it any more");
    init.open();
    registry.scope(Feed::whenever()).await?;
    registry.shutdown().await?;
    Ok(())
}

/// A service that fails once. It restarts while one of its calls takes a second to end.
#[service(lazy, requires = [World], restart = Restart::transient().intensity(2, ms(60_000)).backoff(ms(10), ms(10)))]
struct Mill {
    world: Arc<World>,
}

impl Lifecycle for Mill {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let world = cx.get::<World>();
        let (recorder, broken) = (world.recorder.clone(), world.init.clone());
        let lives = recorder.count("mill");
        recorder.record("mill");
        cx.tasks().supervised("wheel", Restart::transient().intensity(0, ms(1_000)), move || {
            let broken = broken.clone();
            async move {
                broken.opened().await;
                if lives == 0 { Err("the wheel is stuck") } else { Ok(()) }
            }
        });
        Ok(Self { world })
    }
}

#[guarded]
impl Mill {
    pub async fn grind(&self) -> Result<(), NotReady> {
        self.world.recorder.record("grinds");
        sleep(ms(1_000)).await;
        Ok(())
    }

    pub async fn life() -> Result<usize> {
        Ok(Self::service().await?.world.recorder.count("mill"))
    }
}

// shows: D02
#[tokio::test(start_paused = true)]
async fn a_call_without_a_receiver_waits_until_a_restart_is_over() -> Result<()> {
    let world = world(&Recorder::new());
    let broken = world.init.clone();
    let registry = isolated().replace::<World>(world).only::<Mill>().boot().await?;
    let mill = registry.get::<Mill>()?;
    let grinding = tokio::spawn(async move { mill.grind().await });
    sleep(ms(1)).await;
    broken.open();
    sleep(ms(10)).await;
    assert_eq!(registry.state::<Mill>(), State::Draining);
    assert_eq!(registry.scope(Mill::life()).await?, 2, "the call runs on the new instance");
    grinding.await??;
    registry.shutdown().await?;
    Ok(())
}
