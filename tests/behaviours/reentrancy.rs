//! Calls from a service's own hooks, tasks and guarded calls: none may wait for itself.

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Refusal, Registry, Result, guarded, service};
use tests::{Recorder, isolated, ms};
use tokio::time::{Instant, sleep};

#[service(lazy, autowire)]
struct Notes {
    recorder: Recorder,
}

/// A service that calls itself in its `init`.
#[service(lazy)]
struct Narcissus;

impl Lifecycle for Narcissus {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Self::look().await?;
        Ok(Self)
    }
}

impl Narcissus {
    #[guarded]
    async fn look() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D07
#[tokio::test(start_paused = true)]
async fn a_guarded_call_inside_the_services_own_init_fails_at_once() {
    let began = Instant::now();
    let error = isolated().only::<Narcissus>().boot().await.expect_err("the call would wait for itself");
    assert_eq!(began.elapsed(), ms(0));
    let failure = &error.failures()[0];
    let refusal = std::error::Error::source(failure).and_then(|source| source.downcast_ref::<NotReady>());
    assert!(refusal.is_some_and(|refusal| matches!(refusal.cause(), Refusal::Cycle(_))), "{error}");
}

/// A service that calls `Right` in its `init` without declaring it.
#[service(lazy)]
struct Left;

/// A service that calls `Left` in its `init` without declaring it.
#[service(lazy)]
struct Right;

impl Lifecycle for Left {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(10)).await;
        Right::call().await?;
        Ok(Self)
    }
}

impl Lifecycle for Right {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(20)).await;
        Left::call().await?;
        Ok(Self)
    }
}

impl Left {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

impl Right {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn an_undeclared_mutual_wait_is_reported_as_a_cycle() {
    let began = Instant::now();
    let error = isolated().only::<Left>().only::<Right>().boot().await.expect_err("the two wait for each other");
    assert_eq!(began.elapsed(), ms(20), "as soon as the cycle is complete, before any budget ends");
    let source = std::error::Error::source(&error.failures()[0]);
    let Some(Refusal::Cycle(path)) = source.and_then(|it| it.downcast_ref::<NotReady>()).map(NotReady::cause) else {
        panic!("{error}")
    };
    assert_eq!(*path, ["Right", "Left", "Right"]);
}

/// A service that uses `Plain` in its `init` without declaring it.
#[service(lazy)]
struct Sly;

#[service(lazy, autowire)]
struct Plain {}

impl Lifecycle for Sly {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Plain::service().await?;
        Ok(Self)
    }
}

#[tokio::test(start_paused = true)]
async fn an_undeclared_call_in_init_works_and_is_reported() -> Result<()> {
    let registry = isolated().only::<Sly>().only::<Plain>().boot().await?;
    let report = registry.report();
    let calls: Vec<_> = report.undeclared.iter().map(|it| (it.caller.as_str(), it.callee.as_str())).collect();
    assert_eq!(calls, [("Sly", "Plain")]);
    assert!(report.to_string().contains("Sly called Plain in its init without declaring it"));
    registry.shutdown().await?;
    Ok(())
}

/// A service that shuts the registry down from a call, and that uses itself in a task and in its `shutdown`.
#[service(lazy, requires = [Notes])]
struct Quitter {
    notes: Arc<Notes>,
}

impl Lifecycle for Quitter {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let notes = cx.get::<Notes>();
        let (task, recorder) = (cx.clone(), notes.recorder.clone());
        cx.spawn("quit", async move {
            task.stopping().cancelled().await;
            recorder.record(format!("task {}", Self::service().await.is_ok()));
        });
        Ok(Self { notes })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.notes.recorder.record(format!("hook {}", Self::service().await.is_ok()));
        Ok(())
    }
}

impl Quitter {
    #[guarded]
    async fn quit(&self, registry: Registry) -> Result<(), NotReady> {
        let answer = registry.shutdown().await.expect_err("the call would wait for itself");
        assert!(answer.report().is_none());
        self.notes.recorder.record(answer.to_string());
        Ok(())
    }
}

// shows: S10
#[tokio::test(start_paused = true)]
async fn a_shutdown_from_inside_a_call_is_requested_without_waiting() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace::<Notes>(Notes { recorder: recorder.clone() }).only::<Quitter>().boot().await?;
    registry.get::<Quitter>()?.quit(registry.clone()).await?;
    registry.stopped().await?;
    let said = &recorder.entries()[0];
    assert!(said.starts_with("the shutdown is requested, but Quitter cannot wait for it"), "{said}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_can_reach_itself_while_it_drains_and_stops() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().replace::<Notes>(Notes { recorder: recorder.clone() }).only::<Quitter>().boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["task true", "hook true"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_scope_and_a_spawned_task_use_their_own_registry() -> Result<()> {
    let first = isolated().only::<Plain>().boot().await?;
    let second = isolated().only::<Plain>().boot().await?;
    let (send, receive) = tokio::sync::oneshot::channel();
    second.spawn(async move { send.send(Plain::service().await) });
    let inside = first.scope(Plain::service()).await?;
    assert!(Arc::ptr_eq(&inside, &first.get::<Plain>()?));
    assert!(Arc::ptr_eq(&receive.await??, &second.get::<Plain>()?));
    drop(inside);
    let nested = first.scope(second.scope(Plain::service())).await?;
    assert!(Arc::ptr_eq(&nested, &second.get::<Plain>()?), "the innermost scope counts");
    first.shutdown().await?;
    second.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_spawned_in_a_registry_ends_with_it() -> Result<()> {
    let registry = isolated().boot().await?;
    let (held, dropped) = tokio::sync::oneshot::channel::<()>();
    registry.spawn(async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    registry.shutdown().await?;
    assert!(dropped.await.is_err(), "the task is aborted");
    Ok(())
}

/// A service that waits for the end of its registry in its `init` and in a call.
#[service(lazy)]
struct Mourner;

/// The errors of waiting for the end of the own registry.
async fn errors(registry: &Registry) -> [String; 2] {
    let stopped = registry.stopped().await.expect_err("the call would wait for itself");
    let run = registry.run().await.expect_err("the call would wait for itself");
    [stopped.to_string(), run.to_string()]
}

impl Lifecycle for Mourner {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        let registry = Registry::current().ok_or("there is a current registry")?;
        for said in errors(&registry).await {
            assert!(said.starts_with("Mourner cannot wait until its registry is down"), "{said}");
        }
        Ok(Self)
    }
}

impl Mourner {
    #[guarded]
    async fn mourn(&self, registry: &Registry) -> Result<[String; 2], NotReady> {
        Ok(errors(registry).await)
    }
}

// shows: S10
#[tokio::test(start_paused = true)]
async fn code_that_stops_with_the_registry_cannot_wait_for_its_end() -> Result<()> {
    let registry = isolated().only::<Mourner>().boot().await?;
    let other = isolated().boot().await?;
    let mourner = registry.get::<Mourner>()?;
    for said in mourner.mourn(&registry).await? {
        assert!(said.contains("wait for the stopping() of its context instead"), "{said}");
    }
    assert!(registry.is_ready(), "waiting requests no shutdown");
    let waits = other.scope(registry.stopped());
    registry.request_shutdown("it is over");
    waits.await?;
    other.shutdown().await?;
    Ok(())
}
