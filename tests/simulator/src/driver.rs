//! [`drive`]: boots the registry of a scenario, keeps it up, and shuts it down, while the injected action happens.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use service_core::{BootError, Registry, ShutdownError, ShutdownReport};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use crate::boot_outcome::BootOutcome;
use crate::event_listener::EventListener;
use crate::harness::Harness;
use crate::scenario::{Scenario, Teardown, Trigger, ms};

/// What the driver observed.
pub(crate) struct Driven {
    pub boot: BootOutcome,
    pub booted_at: Duration,
    pub shutdowns: Vec<Result<ShutdownReport, ShutdownError>>,
    pub tasks_left: usize,
}

/// Runs a scenario from before the boot until every service is stopped.
pub(crate) async fn drive(scenario: &Scenario, harness: &Arc<Harness>, listener: &Arc<EventListener>) -> Driven {
    let began = Instant::now();
    let timed = scenario.injection.and_then(|it| match it.trigger {
        Trigger::Time(time) => Some((time, it.action)),
        _ => None,
    });
    let mut injected_drop = pin!(async {
        if let Some((time, action)) = timed {
            sleep(ms(time)).await;
            harness.inject(action);
        }
        harness.drop_requested.notified().await;
    });
    let registry = match first(injected_drop.as_mut(), boot(scenario, harness, listener)).await {
        Ok(Ok(registry)) => registry,
        Ok(Err(error)) => {
            let (boot, booted_at) = (BootOutcome::Failed(error), began.elapsed());
            return Driven { boot, booted_at, shutdowns: Vec::new(), tasks_left: tasks_left(harness) };
        }
        Err(()) => {
            let (boot, booted_at) = (BootOutcome::Dropped, began.elapsed());
            // If the future was dropped before its first poll, there is nothing to wait for.
            let is_untouched = scenario.services.is_empty() || harness.trace.is_empty() && listener.is_empty();
            let tasks_left = if is_untouched {
                tasks_left(harness)
            } else {
                listener.shut_down().await;
                settled_tasks(harness).await
            };
            return Driven { boot, booted_at, shutdowns: Vec::new(), tasks_left };
        }
    };
    let (boot, booted_at) = (BootOutcome::Up(registry.report()), began.elapsed());
    *harness.registry.lock().unwrap_or_else(PoisonError::into_inner) = Some(registry.clone());
    let up = async {
        // The injected action may end it earlier.
        let _ = timeout(ms(scenario.uptime), registry.stopped()).await;
    };
    let teardown = match first(injected_drop, up).await {
        Err(()) => Teardown::Drop,
        Ok(()) => scenario.teardown,
    };
    let shutdowns = match teardown {
        Teardown::Shutdown => vec![registry.shutdown().await],
        Teardown::ConcurrentShutdowns => {
            let (one, other) = tokio::join!(registry.shutdown(), registry.shutdown());
            vec![one, other]
        }
        Teardown::RequestShutdown => {
            registry.request_shutdown("the scenario requests it");
            vec![registry.stopped().await]
        }
        Teardown::Cancel => {
            harness.token.cancel();
            vec![registry.stopped().await]
        }
        Teardown::Drop => {
            let handle = harness.registry.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop((handle, registry));
            listener.shut_down().await;
            let tasks_left = settled_tasks(harness).await;
            return Driven { boot, booted_at, shutdowns: Vec::new(), tasks_left };
        }
    };
    let tasks_left = tasks_left(harness);
    harness.registry.lock().unwrap_or_else(PoisonError::into_inner).take();
    Driven { boot, booted_at, shutdowns, tasks_left }
}

async fn boot(
    scenario: &Scenario,
    harness: &Arc<Harness>,
    listener: &Arc<EventListener>,
) -> Result<Registry, BootError> {
    let config = &scenario.config;
    let listener = listener.clone();
    let mut builder = Registry::builder().isolated().cancel(harness.token.clone());
    if let Some(remainder) = scenario.listener_panics {
        builder = builder.on_event(move |event| assert!(event.number % 3 != remainder, "the listener panics"));
    }
    builder = builder.on_event(move |event| listener.on_event(event));
    if let Some(time) = config.boot_timeout {
        builder = builder.boot_timeout(ms(time));
    }
    if let Some(services) = config.concurrency {
        builder = builder.concurrency(services);
    }
    builder = builder.rollback_timeout(ms(config.rollback_timeout)).shutdown_timeout(ms(config.shutdown_timeout));
    builder = builder.lame_duck(ms(config.lame_duck));
    for service in 0..scenario.services.len() {
        builder = builder.define(harness.define(scenario, service));
    }
    builder.boot().await
}

/// `Err` if the first future ends first or both end at once, and the output of the second one otherwise.
async fn first<F: Future, G: Future>(mut one: Pin<&mut F>, other: G) -> Result<G::Output, ()> {
    let mut other = pin!(other);
    tokio::select! {
        biased;
        _ = &mut one => Err(()),
        output = &mut other => Ok(output),
    }
}

/// How many tasks are alive after the shutdown. The driver spawns none itself. No instance may be alive.
fn tasks_left(harness: &Harness) -> usize {
    let instances = harness.instances.load(Ordering::Relaxed);
    if instances > 0 {
        harness.trace.report_violation(format!("rule 6: {instances} instances were not released"));
    }
    Handle::current().metrics().num_alive_tasks()
}

/// The same, a little later: the last event is emitted shortly before the last task ends.
async fn settled_tasks(harness: &Harness) -> usize {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    tasks_left(harness)
}
