//! Scripted services: definitions that fail, hang, or report their health as a test wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use service_core::{Context, Definition, Health, Registry, Restart, Result};
use tokio::sync::oneshot;

use crate::{Latch, isolated, secs};

/// A service whose `init` fails at once, with this error.
#[track_caller]
pub fn failing(name: &str, error: &'static str) -> Definition<()> {
    Definition::new(name).init(async move |_| Err(error.into()))
}

/// A service whose `init` never ends.
#[track_caller]
pub fn hanging(name: &str) -> Definition<()> {
    Definition::new(name).init(async |_| std::future::pending().await)
}

/// A service that is healthy at its start, and whose later checks return this.
#[track_caller]
pub fn checked(name: &str, health: impl Fn() -> Health + Send + Sync + 'static) -> Definition<()> {
    let is_started = AtomicBool::new(false);
    Definition::new(name).init(async |_| Ok(())).health(move |_| {
        let health = if is_started.swap(true, Ordering::SeqCst) { health() } else { Health::Healthy };
        async { health }
    })
}

/// A service that is ready at once, and its context.
#[track_caller]
pub fn open(name: &str) -> (Definition<()>, oneshot::Receiver<Context<()>>) {
    let (send, context) = oneshot::channel();
    let send = Mutex::new(Some(send));
    let open = Definition::new(name).init(move |cx: Context<()>| {
        let send = send.lock().expect("no holder panics").take();
        // The test may not want it.
        drop(send.map(|send| send.send(cx)));
        async { Ok(()) }
    });
    (open, context)
}

/// Spawns a supervised task that fails permanently when the latch opens.
pub fn fail_when_open(cx: &Context<()>, latch: &Latch) {
    let latch = latch.clone();
    cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), move || {
        let latch = latch.clone();
        async move {
            latch.opened().await;
            Err::<(), _>("the pump is stuck")
        }
    });
}

/// A registry with one service, `worker`, whose `init` calls this, and the context of the service.
///
/// # Errors
/// If the boot fails.
pub async fn worker(init: impl Fn(&Context<()>) + Send + Sync + 'static) -> Result<(Registry, Context<()>)> {
    let (send, context) = oneshot::channel();
    let send = Mutex::new(Some(send));
    let init = Arc::new(init);
    let definition = Definition::new("worker").init(move |cx: Context<()>| {
        init(&cx);
        if let Some(send) = send.lock().expect("no holder panics").take() {
            let _ = send.send(cx);
        }
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    Ok((registry, context.await?))
}
