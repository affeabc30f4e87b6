//! Guarded calls: which calls run, wait or are refused, and which calls a drain waits for.

#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use service_core::{Context, Lifecycle, NotReady, Refusal, Result, State, guarded, service};
use tests::{Latch, isolated, ms};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The latches that the hooks and calls of the desk wait for.
#[service(lazy, autowire)]
struct Doors {
    init: Latch,
    call: Latch,
}

impl Doors {
    fn open() -> Self {
        let doors = Self { init: Latch::new(), call: Latch::new() };
        doors.init.open();
        doors.call.open();
        doors
    }
}

/// The service under guard.
#[service(lazy, requires = [Doors], drain_timeout = "2s")]
struct Desk {
    doors: Option<Arc<Doors>>,
    served: AtomicUsize,
}

impl Lifecycle for Desk {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let doors = cx.get::<Doors>();
        doors.init.opened().await;
        Ok(Self { doors: Some(doors), served: AtomicUsize::new(0) })
    }
}

#[derive(Debug)]
enum DeskError {
    Shut(NotReady),
}

impl From<NotReady> for DeskError {
    fn from(refusal: NotReady) -> Self {
        Self::Shut(refusal)
    }
}

#[guarded]
impl Desk {
    /// Waits for the door of the desk, if it has one.
    pub async fn serve(&self) -> Result<usize, DeskError> {
        if let Some(doors) = &self.doors {
            doors.call.opened().await;
        }
        Ok(self.served.fetch_add(1, Ordering::SeqCst) + 1)
    }

    pub fn count(&self) -> Result<usize, NotReady> {
        Ok(self.served.load(Ordering::SeqCst))
    }

    #[guarded(refuse)]
    pub async fn now() -> Result<usize, NotReady> {
        Ok(1)
    }

    #[guarded(wait = "50ms")]
    pub async fn soon() -> Result<(), NotReady> {
        Ok(())
    }

    pub async fn whenever() -> Result<(), NotReady> {
        Ok(())
    }

    pub fn echo<'a, T: ?Sized>(&self, words: &'a T) -> &'a T {
        words
    }

    pub async fn panic(self: Arc<Self>) -> Result<(), NotReady> {
        panic!("in the call")
    }

    pub async fn twice(&self) -> Result<usize, DeskError> {
        self.serve().await?;
        sleep(ms(100)).await;
        self.serve().await
    }
}

// shows: D01
#[tokio::test(start_paused = true)]
async fn a_refusing_call_to_a_service_that_is_not_ready_is_refused_at_once() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).boot().await?;
    let refusal = registry.scope(Desk::now()).await.expect_err("Desk is lazy and not booted");
    assert_eq!((refusal.service(), refusal.state()), ("Desk", State::Idle));
    registry.shutdown().await?;
    Ok(())
}

// shows: D02
#[tokio::test(start_paused = true)]
async fn a_waiting_call_runs_when_its_service_is_ready_or_times_out() -> Result<()> {
    let doors = Doors { init: Latch::new(), call: Latch::new() };
    let init = doors.init.clone();
    let registry = isolated().replace::<Doors>(doors).boot().await?;
    registry
        .scope(async {
            let began = Instant::now();
            let refusal = Desk::soon().await.expect_err("the init waits for the door");
            assert_eq!(began.elapsed(), ms(50));
            assert!(matches!(refusal.cause(), Refusal::WaitedFor(time) if *time == ms(50)), "{refusal}");
            let (outcome, ()) = tokio::join!(Desk::whenever(), async { init.open() });
            outcome
        })
        .await?;
    registry.shutdown().await?;
    Ok(())
}

// shows: D05
#[tokio::test(start_paused = true)]
async fn a_call_after_the_shutdown_is_refused_because_the_service_is_stopped() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    registry.shutdown().await?;
    let DeskError::Shut(refusal) = desk.serve().await.expect_err("Desk is stopped");
    assert_eq!(refusal.state(), State::Stopped);
    let text = "Desk is not ready: it is stopped: shutdown() was called";
    assert_eq!(desk.count().expect_err("Desk is stopped").to_string(), text);
    Ok(())
}

// shows: D05
#[tokio::test(start_paused = true)]
async fn a_call_on_an_instance_that_outlives_its_registry_is_refused() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    registry.shutdown().await?;
    drop(registry);
    let next = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    assert!(desk.serve().await.is_err(), "the instance belongs to the first registry");
    assert!(next.get::<Desk>()?.serve().await.is_ok());
    next.shutdown().await?;
    Ok(())
}

// shows: D10
#[tokio::test]
async fn a_value_that_no_registry_manages_is_not_guarded() {
    let desk = Desk { doors: None, served: AtomicUsize::new(6) };
    assert_eq!(desk.serve().await.ok(), Some(7));
    assert_eq!(desk.count().ok(), Some(7));
    assert_eq!(desk.echo("hello"), "hello");
}

// shows: D10
#[tokio::test(start_paused = true)]
async fn a_method_whose_return_type_cannot_carry_a_refusal_panics_with_it() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    assert_eq!(desk.echo("hello"), "hello");
    registry.shutdown().await?;
    let panic = tokio::spawn(async move { desk.echo(&1).to_owned() }).await.expect_err("Desk is stopped").into_panic();
    let text = "Desk is not ready: it is stopped: shutdown() was called";
    assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some(text));
    Ok(())
}

// shows: D11
#[tokio::test(start_paused = true)]
async fn a_call_that_panics_releases_its_permit() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    assert!(tokio::spawn(desk.panic()).await.expect_err("it panics").is_panic());
    let report = registry.shutdown().await?;
    assert_eq!(report.total, ms(0), "no call is left to wait for");
    Ok(())
}

// shows: D12
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_releases_its_permit() -> Result<()> {
    let doors = Doors { init: Latch::new(), call: Latch::new() };
    doors.init.open();
    let registry = isolated().replace::<Doors>(doors).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    assert!(timeout(ms(10), desk.serve()).await.is_err(), "the door is shut");
    let report = registry.shutdown().await?;
    assert_eq!(report.total, ms(0), "no call is left to wait for");
    Ok(())
}

// shows: S14
#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_a_thousand_calls_and_admits_no_other() -> Result<()> {
    let doors = Doors { init: Latch::new(), call: Latch::new() };
    doors.init.open();
    let call = doors.call.clone();
    let registry = isolated().replace::<Doors>(doors).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        let desk = desk.clone();
        calls.spawn(async move { desk.serve().await.is_ok() });
    }
    sleep(ms(1)).await;
    registry.request_shutdown("enough");
    sleep(ms(500)).await;
    assert_eq!(registry.state::<Desk>(), State::Draining);
    let DeskError::Shut(refusal) = desk.serve().await.expect_err("Desk is draining");
    assert_eq!(refusal.state(), State::Draining);
    assert_eq!(calls.len(), 1_000);
    call.open();
    let report = registry.stopped().await?;
    assert!(calls.join_all().await.into_iter().all(|ok| ok));
    assert_eq!(report.services[0].drain, ms(500));
    assert_eq!(desk.served.load(Ordering::SeqCst), 1_000);
    Ok(())
}

// shows: S15
#[tokio::test(start_paused = true)]
async fn calls_that_outlast_the_drain_budget_are_counted_and_named() -> Result<()> {
    let doors = Doors { init: Latch::new(), call: Latch::new() };
    doors.init.open();
    let registry = isolated().replace::<Doors>(doors).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    for _ in 0..3 {
        let desk = desk.clone();
        tokio::spawn(async move { desk.serve().await.is_ok() });
    }
    sleep(ms(1)).await;
    let error = registry.shutdown().await.expect_err("the calls do not end");
    let report = error.report().expect("it was waited for");
    assert_eq!(report.services[0].drain, ms(2_000));
    let left: Vec<_> = report.services[0].calls_left.iter().map(|it| (it.method.as_str(), it.count)).collect();
    assert_eq!(left, [("serve", 3)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_an_admitted_call_is_admitted_during_the_drain() -> Result<()> {
    let registry = isolated().replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    let call = tokio::spawn(async move { desk.twice().await.ok() });
    sleep(ms(1)).await;
    registry.shutdown().await?;
    assert_eq!(call.await?, Some(2), "the second serve begins during the drain");
    Ok(())
}

// shows: S13
#[tokio::test(start_paused = true)]
async fn guarded_calls_run_during_the_lame_duck_period() -> Result<()> {
    let registry = isolated().lame_duck(ms(1_000)).replace::<Doors>(Doors::open()).only::<Desk>().boot().await?;
    let desk = registry.get::<Desk>()?;
    registry.request_shutdown("rolling update");
    sleep(ms(999)).await;
    assert!(!registry.is_ready());
    assert_eq!(desk.serve().await.ok(), Some(1));
    sleep(ms(2)).await;
    assert!(desk.serve().await.is_err());
    registry.stopped().await?;
    Ok(())
}

// shows: D04
#[tokio::test(start_paused = true)]
async fn a_call_beyond_1024_waiting_calls_is_refused_as_overloaded() -> Result<()> {
    let doors = Doors { init: Latch::new(), call: Latch::new() };
    let init = doors.init.clone();
    let registry = isolated().replace::<Doors>(doors).boot().await?;
    let waiting = async {
        let mut calls = JoinSet::new();
        for _ in 0..1_024 {
            let scope = registry.clone();
            calls.spawn(async move { scope.scope(Desk::whenever()).await.is_ok() });
        }
        sleep(ms(1)).await;
        calls
    };
    let calls = waiting.await;
    let refusal = registry.scope(Desk::whenever()).await.expect_err("1,024 calls are waiting");
    assert!(matches!(refusal.cause(), Refusal::Overloaded(1_024)), "{refusal}");
    init.open();
    assert!(calls.join_all().await.into_iter().all(|ok| ok), "every waiting call runs");
    assert!(registry.scope(Desk::whenever()).await.is_ok(), "their places are free again");
    registry.shutdown().await?;
    Ok(())
}
