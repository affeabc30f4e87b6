//! The probes of an orchestrator: startup, liveness and readiness.

use service_core::{Definition, Health, Registry, Result};
use tests::{Latch, checked, health_of, isolated, secs};
use tokio::time::sleep;

// shows: H01
#[tokio::test(start_paused = true)]
async fn a_booting_registry_is_not_started_alive_and_not_ready() -> Result<()> {
    let (send, receive) = std::sync::mpsc::channel();
    let probed = Definition::new("slow").init(move |_| {
        let send = send.clone();
        async move {
            let registry = Registry::current().ok_or("there is a current registry")?;
            let probes = (registry.startup(), registry.liveness(), registry.readiness().await);
            send.send(probes).map_err(|error| error.to_string())?;
            Ok(())
        }
    });
    let registry = isolated().define(probed).boot().await?;
    assert_eq!(receive.recv()?, (false, Health::Healthy, Health::unhealthy("starting")));
    assert_eq!((registry.startup(), registry.liveness()), (true, Health::Healthy));
    assert_eq!(registry.readiness().await, Health::Healthy);
    registry.shutdown().await?;
    assert_eq!(
        (registry.startup(), registry.liveness()),
        (true, Health::Healthy),
        "startup and liveness hold after the shutdown"
    );
    assert_eq!(registry.readiness().await, Health::unhealthy("shutting down"));
    Ok(())
}

// shows: H02
#[tokio::test(start_paused = true)]
async fn an_unhealthy_dependency_turns_readiness_false_but_not_liveness() -> Result<()> {
    let registry = isolated()
        .define(checked("db", || Health::unhealthy("no disk")))
        .define(checked("users", || Health::Healthy).requires(["db"]))
        .define(checked("mail", || Health::Healthy))
        .boot()
        .await?;
    let report = registry.health().await;
    assert_eq!(health_of(&report, "db"), &Health::unhealthy("no disk"));
    assert_eq!(health_of(&report, "users"), &Health::degraded("db is unhealthy"));
    assert_eq!(health_of(&report, "mail"), &Health::Healthy);
    assert_eq!(registry.readiness().await, Health::unhealthy("db unhealthy"));
    assert_eq!(registry.liveness(), Health::Healthy);
    registry.shutdown().await?;
    Ok(())
}

// shows: H09
#[tokio::test(start_paused = true)]
async fn a_registry_is_alive_and_not_ready_during_lame_duck_and_drain() -> Result<()> {
    let hold = Latch::new();
    let end = hold.clone();
    let slow = Definition::new("slow").init(async |_| Ok(())).shutdown(move |_, _| {
        let end = end.clone();
        async move {
            end.opened().await;
            Ok(())
        }
    });
    let registry = isolated().define(slow).lame_duck(secs(5)).boot().await?;
    registry.request_shutdown("enough");
    sleep(secs(1)).await;
    assert_eq!(registry.readiness().await, Health::unhealthy("shutting down"));
    assert_eq!(registry.liveness(), Health::Healthy);
    registry.get_named::<()>("slow")?;
    sleep(secs(5)).await;
    assert!(registry.get_named::<()>("slow").is_err());
    assert_eq!(registry.liveness(), Health::Healthy);
    hold.open();
    registry.stopped().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_program_can_declare_itself_dead_or_unready() -> Result<()> {
    let registry = isolated().define(checked("fine", || Health::Healthy)).boot().await?;
    registry.set_unready("warming up again");
    assert_eq!(registry.readiness().await, Health::unhealthy("warming up again"));
    assert_eq!(registry.liveness(), Health::Healthy);
    registry.set_ready();
    assert_eq!(registry.readiness().await, Health::Healthy);
    registry.set_dead("the heap is corrupt");
    assert_eq!(registry.liveness(), Health::unhealthy("the heap is corrupt"));
    registry.shutdown().await?;
    Ok(())
}
