//! Lazy services: they boot on first use with their dependencies, and can be tried again after a failure.

use std::sync::atomic::{AtomicU32, Ordering};

use service_core::{Context, Lifecycle, Refusal, Result, State, service};
use tests::{Latch, Recorder, event_lines, isolated, ms};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[service(lazy, autowire)]
struct World {
    recorder: Recorder,
    ready: Latch,
    /// How many attempts are still to fail.
    fail: AtomicU32,
}

impl World {
    fn new(recorder: &Recorder, fail: u32) -> Self {
        Self { recorder: recorder.clone(), ready: Latch::new(), fail: AtomicU32::new(fail) }
    }
}

#[service(lazy, requires = [World])]
struct Below;

impl Lifecycle for Below {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<World>().recorder.record("init below");
        Ok(Self)
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        cx.get::<World>().recorder.record("shutdown below");
        Ok(())
    }
}

#[service(lazy, requires = [World, Below])]
#[derive(Debug)]
struct Search;

impl Lifecycle for Search {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let world = cx.get::<World>();
        world.recorder.record("init search");
        world.ready.opened().await;
        match world.fail.load(Ordering::SeqCst) {
            0 => Ok(Self),
            left => {
                world.fail.store(left - 1, Ordering::SeqCst);
                Err("no index".into())
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lazy_service_boots_on_first_use_with_what_it_requires() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 0);
    world.ready.open();
    let registry = isolated().replace::<World>(world).boot().await?;
    assert_eq!(recorder.entries(), Vec::<String>::new());
    assert_eq!(registry.state::<Search>(), State::Idle);
    registry.wait_ready::<Search>().await?;
    assert_eq!(recorder.entries(), ["init below", "init search"]);
    registry.shutdown().await?;
    assert_eq!(recorder.of("shutdown"), ["below"]);
    Ok(())
}

// shows: B12
#[tokio::test(start_paused = true)]
async fn a_hundred_concurrent_first_uses_share_one_init_and_one_instance() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 0);
    let ready = world.ready.clone();
    let registry = isolated().replace::<World>(world).boot().await?;
    let mut uses = JoinSet::new();
    for _ in 0..100 {
        let registry = registry.clone();
        uses.spawn(async move { registry.wait_ready::<Search>().await });
    }
    sleep(ms(1)).await;
    ready.open();
    let found: Vec<_> = uses.join_all().await.into_iter().collect::<Result<_, _>>()?;
    assert!(found.iter().all(|instance| std::sync::Arc::ptr_eq(instance, &found[0])));
    assert_eq!(recorder.count("init search"), 1);
    drop(found);
    registry.shutdown().await?;
    Ok(())
}

// shows: D03
#[tokio::test(start_paused = true)]
async fn every_waiting_caller_gets_the_error_when_the_init_fails() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 1);
    let ready = world.ready.clone();
    let registry = isolated().replace::<World>(world).boot().await?;
    let mut uses = JoinSet::new();
    for _ in 0..10 {
        let registry = registry.clone();
        uses.spawn(async move { registry.wait_ready::<Search>().await.map(|_| ()) });
    }
    sleep(ms(1)).await;
    ready.open();
    for refusal in uses.join_all().await {
        let refusal = refusal.expect_err("the init fails");
        let Refusal::Failed(failure) = refusal.cause() else { panic!("{refusal}") };
        assert!(failure.to_string().contains("no index"), "{failure}");
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_first_use_is_rolled_back_and_a_later_one_tries_again() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 1);
    world.ready.open();
    let registry = isolated().replace::<World>(world).boot().await?;
    registry.wait_ready::<Search>().await.expect_err("the first attempt fails");
    sleep(ms(1)).await;
    assert_eq!(recorder.entries(), ["init below", "init search", "shutdown below"], "no other service needs Below");
    assert!(registry.is_ready(), "the failure does not affect the registry");
    registry.wait_ready::<Search>().await?;
    assert_eq!(recorder.count("init search"), 2);
    registry.shutdown().await?;
    Ok(())
}

// shows: T13
#[tokio::test(start_paused = true)]
async fn a_wait_can_time_out_and_be_repeated() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 0);
    let ready = world.ready.clone();
    let registry = isolated().replace::<World>(world).boot().await?;
    for _ in 0..3 {
        assert!(timeout(ms(1), registry.wait_ready::<Search>()).await.is_err());
    }
    ready.open();
    timeout(ms(100), registry.wait_ready::<Search>()).await??;
    assert_eq!(recorder.count("init search"), 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_first_use_rolls_it_back_and_refuses_its_callers() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace::<World>(World::new(&recorder, 0)).boot().await?;
    let waiting = tokio::spawn({
        let registry = registry.clone();
        async move { registry.wait_ready::<Search>().await.map(|_| ()) }
    });
    sleep(ms(10)).await;
    let report = registry.shutdown().await?;
    assert!(report.is_clean());
    assert!(waiting.await?.is_err());
    assert!(event_lines(&registry).contains(&"unwound Search".to_owned()), "{:?}", event_lines(&registry));
    assert_eq!(recorder.of("shutdown"), ["below"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_builder_with_a_lazy_service_boots_it_with_the_rest() -> Result<()> {
    let recorder = Recorder::new();
    let world = World::new(&recorder, 0);
    world.ready.open();
    let registry = isolated().replace::<World>(world).with::<Search>().boot().await?;
    assert_eq!(recorder.of("init"), ["below", "search"]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_refusal_of_one_that_nothing_has_started_says_what_starts_it() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.quick("eager")).define(recorder.quick("lazy").lazy()).boot().await?;
    let refusal = registry.get_named::<()>("lazy").expect_err("nothing has started it");
    assert_eq!(*refusal.cause(), Refusal::Lazy);
    assert!(
        refusal.to_string().starts_with("lazy is not ready: it is lazy, and nothing has started it yet"),
        "{refusal}"
    );
    registry.restart_named("lazy").await?;
    assert!(registry.get_named::<()>("lazy").is_ok());
    registry.shutdown().await?;
    Ok(())
}
