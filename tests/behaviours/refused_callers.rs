//! Callers that wait for a service whose start fails, or for a registry that shuts down: each is refused at once, with the
//! cause.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use service_core::{
    Context, Lifecycle, NotReady, Refusal, Restart, Result, Service, ShutdownReason, State, guarded, service,
};
use tests::{isolated, ms, open, secs};
use tokio::time::{Instant, sleep};

/// How long it takes to unwind the failed start.
const UNDO: Duration = secs(9);

/// When the start fails.
const FAILS: Duration = ms(5);

/// Fails, and takes long to unwind.
#[service(lazy)]
struct Vault;

impl Lifecycle for Vault {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let stopping = cx.stopping();
        cx.spawn("audit", async move {
            stopping.cancelled().await;
            sleep(UNDO).await;
        });
        sleep(FAILS).await;
        Err("the password is wrong".into())
    }
}

/// Requires what fails.
#[service(lazy, autowire)]
struct Safe {
    _vault: Arc<Vault>,
}

impl Safe {
    #[guarded]
    async fn open() -> Result<(), NotReady> {
        Ok(())
    }
}

/// Has nothing to do with it.
#[service(lazy)]
#[derive(Debug)]
struct Lobby;

impl Lifecycle for Lobby {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(secs(20)).await;
        Ok(Self)
    }
}

impl Lobby {
    #[guarded]
    async fn enter() -> Result<(), NotReady> {
        Ok(())
    }
}

/// A refusal, and when it came.
async fn refused<T>(call: impl Future<Output = Result<T, NotReady>>) -> (Duration, NotReady) {
    let began = Instant::now();
    let Err(refusal) = call.await else { panic!("it was not refused") };
    (began.elapsed(), refusal)
}

#[tokio::test(start_paused = true)]
async fn every_caller_that_waits_for_a_boot_gets_the_failure_at_once() {
    let (desk, context) = open("desk");
    let boot = isolated().define(desk).with::<Safe>().with::<Lobby>().boot();
    let callers = async {
        let cx = context.await.expect("desk starts");
        cx.scope(async {
            tokio::join!(
                refused(Vault::service()),
                refused(Safe::open()),
                refused(Safe::service()),
                refused(<Safe as Service>::service()),
                refused(Lobby::enter()),
                refused(Lobby::service()),
            )
        })
        .await
    };
    let (boot, callers) = tokio::join!(boot, callers);
    let error = boot.expect_err("Vault fails");
    let (vault, safe, service, trait_service, lobby, lobby_service) = callers;
    for (after, refusal) in [&vault, &safe, &service, &trait_service, &lobby, &lobby_service] {
        assert_eq!(*after, FAILS, "{refusal}");
        assert!(refusal.to_string().contains("the password is wrong"), "{refusal}");
        assert!(refusal.source().is_some_and(|source| source.to_string().contains("the password")), "{refusal}");
    }
    assert!(matches!(vault.1.cause(), Refusal::Failed(_)), "{}", vault.1);
    assert!(matches!(safe.1.cause(), Refusal::Blocked { .. }), "{}", safe.1);
    assert_eq!(lobby.1.shutdown_reason(), Some(&ShutdownReason::BootFailed), "{}", lobby.1);
    assert_eq!(error.failures().len(), 1, "who was refused has not failed: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_first_use_is_refused_at_once_and_the_next_one_waits_for_the_undo() -> Result<()> {
    let registry = isolated().boot().await?;
    registry
        .scope(async {
            let (after, refusal) = refused(Safe::open()).await;
            assert_eq!((after, refusal.state()), (FAILS, State::Blocked));
            // Vault is asked for again while the task of its failed start still runs, and starts after that.
            let (after, refusal) = refused(Vault::service()).await;
            assert_eq!((after, refusal.state()), (UNDO + FAILS, State::Failed));
        })
        .await;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_a_shutdown_names_its_reason() -> Result<()> {
    let registry = isolated().with::<Lobby>().boot().await?;
    registry.request_shutdown(ShutdownReason::Signal("SIGTERM"));
    registry.stopped().await?;
    for refusal in [registry.get::<Lobby>().expect_err("it is down"), registry.scope(refused(Lobby::enter())).await.1] {
        assert_eq!(refusal.to_string(), "Lobby is not ready: it is stopped: SIGTERM received");
        assert_eq!(refusal.shutdown_reason(), Some(&ShutdownReason::Signal("SIGTERM")));
        assert!(matches!(refusal.cause(), Refusal::State), "its state is the cause");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_for_a_first_use_is_refused_at_the_shutdown_with_its_reason() -> Result<()> {
    let registry = isolated().boot().await?;
    let shutdown = async {
        sleep(ms(7)).await;
        registry.request_shutdown("maintenance");
    };
    let (refused, ()) = tokio::join!(registry.scope(refused(Lobby::enter())), shutdown);
    assert_eq!((refused.0, refused.1.to_string().as_str()), (ms(7), "Lobby is not ready: it is stopped: maintenance"));
    registry.stopped().await?;
    Ok(())
}

/// Restarts when its task fails after a second, and is slow to stop.
#[service(lazy, restart)]
struct Phoenix;

impl Lifecycle for Phoenix {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.tasks().supervised("fire", Restart::transient().intensity(0, secs(1)), || async {
            sleep(secs(1)).await;
            Err::<(), _>("burnt")
        });
        Ok(Self)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        sleep(secs(8)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_for_a_restart_is_refused_at_the_shutdown_with_its_reason() -> Result<()> {
    let registry = isolated().with::<Phoenix>().boot().await?;
    sleep(secs(2)).await;
    let shutdown = async {
        sleep(secs(1)).await;
        registry.request_shutdown("maintenance");
    };
    let (refused, ()) = tokio::join!(registry.scope(refused(Phoenix::service())), shutdown);
    assert_eq!(refused.0, secs(1), "and not when it has stopped");
    let text = refused.1.to_string();
    assert!(
        text.starts_with("Phoenix is not ready: it is stopping: maintenance: task fire of Phoenix failed"),
        "{text}"
    );
    registry.stopped().await.expect_err("its task has failed");
    Ok(())
}

/// Takes a second to start and a second to stop.
#[service(lazy)]
#[derive(Debug)]
struct Museum;

impl Lifecycle for Museum {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(secs(1)).await;
        Ok(Self)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        sleep(secs(1)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_returned_only_while_its_service_is_ready() -> Result<()> {
    let registry = isolated().boot().await?;
    let refused_while = |state: State| {
        assert_eq!(registry.state::<Museum>(), state);
        assert_eq!(registry.get::<Museum>().expect_err("it is not ready").state(), state);
    };
    refused_while(State::Idle);
    let visitor = registry.clone();
    let opened = tokio::spawn(async move { visitor.wait_ready::<Museum>().await.map(drop) });
    sleep(ms(500)).await;
    refused_while(State::Starting);
    opened.await??;
    registry.get::<Museum>()?;
    registry.request_shutdown("it is late");
    sleep(ms(500)).await;
    refused_while(State::Stopping);
    registry.stopped().await?;
    refused_while(State::Stopped);
    Ok(())
}
