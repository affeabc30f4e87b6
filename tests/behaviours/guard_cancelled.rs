//! How guarded calls end that their caller does not await to the end: cancelled, moved to another task, timed out.

#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, Waker};

use service_core::{Context, Lifecycle, NotReady, Result, guarded, service};
use tests::{Latch, Recorder, isolated, ms};
use tokio::time::timeout;

#[service(lazy, autowire)]
struct World {
    recorder: Recorder,
    /// Whether a task of the pool holds a lease.
    task_holds: bool,
    /// Ends the call that was moved to another task.
    end: Latch,
}

fn world(recorder: &Recorder, task_holds: bool) -> World {
    World { recorder: recorder.clone(), task_holds, end: Latch::new() }
}

/// A pool of leases. The destructor of a lease makes a guarded call.
#[service(lazy, requires = [World], drain_timeout = "1s")]
struct Pool {
    world: Arc<World>,
}

impl Lifecycle for Pool {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { world: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        if self.world.task_holds {
            cx.spawn("holder", async move {
                let _lease = Lease(&self, "task");
                pending::<()>().await;
            });
        }
        Ok(())
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.world.recorder.record("shutdown");
        Ok(())
    }
}

#[guarded]
impl Pool {
    pub async fn hold(&self) -> Result<(), NotReady> {
        let _lease = Lease(self, "call");
        pending().await
    }

    pub fn give_back(&self, whose: &str) -> Result<(), NotReady> {
        self.world.recorder.record(format!("{whose} returned its lease"));
        Ok(())
    }
}

struct Lease<'a>(&'a Pool, &'a str);

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Err(refusal) = self.0.give_back(self.1) {
            self.0.world.recorder.record(refusal.to_string());
        }
    }
}

// shows: D12
#[tokio::test(start_paused = true)]
async fn guarded_calls_in_the_destructors_of_a_cancelled_call_are_admitted() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace(world(&recorder, false)).only::<Pool>().boot().await?;
    let pool = registry.get::<Pool>()?;
    let (held, down) = tokio::join!(timeout(ms(100), pool.hold()), registry.shutdown());
    assert!(held.is_err(), "the call is cancelled while Pool drains");
    down?;
    assert_eq!(recorder.entries(), ["call returned its lease", "shutdown"]);
    Ok(())
}

// shows: D12
#[tokio::test(start_paused = true)]
async fn guarded_calls_in_the_destructors_of_an_aborted_task_are_admitted() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace(world(&recorder, true)).only::<Pool>().boot().await?;
    registry.shutdown().await.expect_err("the task ignores its token");
    assert_eq!(recorder.entries(), ["task returned its lease", "shutdown"]);
    Ok(())
}

/// A service with a task that begins a call during the drain and ends before the call.
#[service(lazy, requires = [World])]
struct Relay {
    world: Arc<World>,
}

impl Lifecycle for Relay {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { world: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let stopping = cx.stopping();
        cx.spawn("relay", async move {
            stopping.cancelled().await;
            let end = self.world.end.clone();
            let mut call: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move { self.outlive().await });
            assert_eq!(call.as_mut().poll(&mut Poller::from_waker(Waker::noop())), Poll::Pending);
            tokio::spawn(call);
            tokio::spawn(async move {
                tokio::time::sleep(ms(50)).await;
                end.open();
            });
        });
        Ok(())
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.world.recorder.record("shutdown");
        Ok(())
    }
}

impl Relay {
    #[guarded]
    async fn outlive(&self) {
        self.world.end.opened().await;
        self.world.recorder.record("outlived its task");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_a_call_that_outlives_the_task_which_began_it() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace(world(&recorder, false)).only::<Relay>().boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["outlived its task", "shutdown"]);
    Ok(())
}

/// A service whose `init` waits 100 ms for `Patient`.
#[service(lazy)]
struct Brief;

impl Lifecycle for Brief {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        let refusal = Patient::soon().await.expect_err("Patient waits for Brief");
        assert!(refusal.to_string().contains("after waiting 100ms, the `wait` of this call"), "{refusal}");
        Ok(Self)
    }
}

#[service(lazy)]
struct Patient;

impl Lifecycle for Patient {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Brief::service().await?;
        Ok(Self)
    }
}

impl Patient {
    #[guarded(wait = "100ms")]
    async fn soon() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_wait_with_a_timeout_completes_no_cycle() -> Result<()> {
    let registry = isolated().only::<Brief>().with::<Patient>().boot().await?;
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn the_future_of_a_guarded_call_is_send_and_sync_like_that_of_a_plain_method() {
    fn shared<T: Send + Sync>(_: &T) {}
    let pool = Pool { world: Arc::new(world(&Recorder::new(), false)) };
    shared(&pool.hold());
}
