//! [`lifetime`]: boots a registry, lets it serve, and ends it, while somebody meddles if the script says so.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use service_core::{BootError, Registry, ShutdownError, ShutdownReport};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use crate::Boot;
use crate::script::{Exit, Moment, Script};
use crate::stage::{Stage, ms};
use crate::told::Told;

/// How the boot ended and when, what those who waited for the shutdown were told, and how many tasks were left.
pub(crate) type Lived = (Boot, Duration, Vec<Result<ShutdownReport, ShutdownError>>, usize);

/// From before the boot until everything is down.
pub(crate) async fn lifetime(script: &Script, stage: &Arc<Stage>, told: &Arc<Told>) -> Lived {
    let born = Instant::now();
    let meddles_at = script.meddling.and_then(|it| match it.when {
        Moment::At(time) => Some((time, it.what)),
        _ => None,
    });
    let mut meddler = pin!(async {
        if let Some((time, deed)) = meddles_at {
            sleep(ms(time)).await;
            stage.meddle(deed);
        }
        stage.dropping.notified().await;
    });
    let registry = {
        let boot = boot(script, stage, told);
        match first(meddler.as_mut(), boot).await {
            Ok(Ok(registry)) => registry,
            Ok(Err(error)) => return (Boot::Failed(error), born.elapsed(), Vec::new(), remains(stage)),
            Err(()) => {
                let dropped_at = born.elapsed();
                if script.parts.is_empty() || stage.trail.is_empty() && told.is_empty() {
                    // It was dropped before it was first polled.
                    return (Boot::Dropped, dropped_at, Vec::new(), remains(stage));
                }
                told.ended().await;
                return (Boot::Dropped, dropped_at, Vec::new(), settled(stage).await);
            }
        }
    };
    let (boot, booted_at) = (Boot::Up(registry.report()), born.elapsed());
    *stage.registry.lock().unwrap_or_else(PoisonError::into_inner) = Some(registry.clone());
    let serving = async {
        // Whoever meddles may end it sooner.
        let _ = timeout(ms(script.serves), registry.stopped()).await;
    };
    let exit = match first(meddler, serving).await {
        Err(()) => Exit::Drop,
        Ok(()) => script.exit,
    };
    let down = match exit {
        Exit::Shutdown => vec![registry.shutdown().await],
        Exit::ShutdownTwice => {
            let (one, other) = tokio::join!(registry.shutdown(), registry.shutdown());
            vec![one, other]
        }
        Exit::Request => {
            registry.request_shutdown("the script says so");
            vec![registry.stopped().await]
        }
        Exit::Cancel => {
            stage.token.cancel();
            vec![registry.stopped().await]
        }
        Exit::Drop => {
            let handle = stage.registry.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop((handle, registry));
            told.ended().await;
            return (boot, booted_at, Vec::new(), settled(stage).await);
        }
    };
    let tasks = remains(stage);
    stage.registry.lock().unwrap_or_else(PoisonError::into_inner).take();
    (boot, booted_at, down, tasks)
}

async fn boot(script: &Script, stage: &Arc<Stage>, told: &Arc<Told>) -> Result<Registry, BootError> {
    let terms = &script.terms;
    let listener = told.clone();
    let mut builder = Registry::builder().isolated().cancel(stage.token.clone());
    if let Some(remainder) = script.listener_panics {
        builder = builder.on_event(move |event| assert!(event.number % 3 != remainder, "the listener panics"));
    }
    builder = builder.on_event(move |event| listener.hear(event));
    if let Some(time) = terms.boot {
        builder = builder.boot_timeout(ms(time));
    }
    if let Some(services) = terms.concurrency {
        builder = builder.concurrency(services);
    }
    builder = builder.rollback_timeout(ms(terms.rollback)).shutdown_timeout(ms(terms.shutdown));
    builder = builder.lame_duck(ms(terms.lame_duck));
    for service in 0..script.parts.len() {
        builder = builder.define(stage.define(script, service));
    }
    builder.boot().await
}

/// Whichever ends first; the first one, if both do.
async fn first<F: Future, G: Future>(mut one: Pin<&mut F>, other: G) -> Result<G::Output, ()> {
    let mut other = pin!(other);
    tokio::select! {
        biased;
        _ = &mut one => Err(()),
        output = &mut other => Ok(output),
    }
}

/// How many tasks are alive, now that everything is down; none is this code's own. Instances must not be.
fn remains(stage: &Stage) -> usize {
    let instances = stage.instances.load(Ordering::Relaxed);
    if instances > 0 {
        stage.trail.complain(format!("rule 6: {instances} instances were not let go"));
    }
    Handle::current().metrics().num_alive_tasks()
}

/// The last event is told shortly before the last task ends.
async fn settled(stage: &Stage) -> usize {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    remains(stage)
}
