//! Values in place of services: in a test, or in the program.

use std::sync::Arc;

use service_core::{Context, EventKind, Lifecycle, Result, State, service};
use tests::{NONE, Recorder, isolated};

trait Mail: Send + Sync {
    fn from(&self) -> &'static str;
}

#[service(lazy, autowire)]
struct World {
    recorder: Recorder,
}

#[service(lazy, requires = [World])]
struct Socket;

impl Lifecycle for Socket {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<World>().recorder.record("init socket");
        Ok(Self)
    }
}

#[service(lazy, requires = [World, Socket], provides = [dyn Mail])]
struct Smtp {
    from: &'static str,
}

impl Lifecycle for Smtp {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<World>().recorder.record("init smtp");
        Ok(Self { from: "smtp" })
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        cx.get::<World>().recorder.record("shutdown smtp");
        Ok(())
    }
}

impl Mail for Smtp {
    fn from(&self) -> &'static str {
        self.from
    }
}

#[service(lazy, autowire)]
struct Letters {
    mail: Arc<dyn Mail>,
    smtp: Option<Arc<Smtp>>,
}

struct Pigeon;

impl Mail for Pigeon {
    fn from(&self) -> &'static str {
        "pigeon"
    }
}

// shows: X02
#[tokio::test(start_paused = true)]
async fn a_replaced_service_runs_no_hooks_and_boots_no_dependencies() -> Result<()> {
    let recorder = Recorder::new();
    let world = World { recorder: recorder.clone() };
    let registry = isolated().replace(world).replace(Smtp { from: "fake" }).only::<Letters>().boot().await?;
    assert_eq!(registry.get::<Letters>()?.mail.from(), "fake");
    assert!(registry.get::<Letters>()?.smtp.is_some());
    assert_eq!(registry.state::<Socket>(), State::Idle, "only the real Smtp requires it");
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), NONE);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_trait_object_is_replaced_for_every_provider() -> Result<()> {
    let recorder = Recorder::new();
    let world = World { recorder: recorder.clone() };
    let pigeon: Arc<dyn Mail> = Arc::new(Pigeon);
    let registry = isolated().replace(world).replace_dyn(pigeon).only::<Letters>().boot().await?;
    let letters = registry.get::<Letters>()?;
    assert_eq!(letters.mail.from(), "pigeon");
    assert!(letters.smtp.is_none(), "no service requires the real Smtp");
    drop(letters);
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), NONE);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_supplied_value_that_nothing_requires_is_an_event() -> Result<()> {
    let world = || World { recorder: Recorder::new() };
    let unused = async |builder: service_core::Builder| -> Result<Vec<String>> {
        let registry = builder.boot().await?;
        let events = registry.events();
        registry.shutdown().await?;
        let unused = events.iter().filter_map(|event| match &event.kind {
            EventKind::Unused { service } => Some(service.to_string()),
            _ => None,
        });
        Ok(unused.collect())
    };
    let pigeon = || -> Arc<dyn Mail> { Arc::new(Pigeon) };
    let smtp = || Smtp { from: "fake" };
    assert_eq!(unused(isolated().replace(world()).replace(smtp()).only::<Letters>()).await?, ["replacements::World"]);
    assert_eq!(unused(isolated().replace_dyn(pigeon()).only::<World>()).await?, ["dyn Mail"]);
    assert_eq!(unused(isolated().replace_dyn(pigeon()).only::<Letters>()).await?, NONE);
    assert_eq!(unused(isolated().replace(world()).only::<World>()).await?, NONE, "the builder names it");
    assert_eq!(unused(isolated().replace(world())).await?, NONE, "a lazy service may require it");
    Ok(())
}

/// A value that records when it is dropped.
#[service(lazy)]
struct Testament {
    recorder: Recorder,
}

impl Lifecycle for Testament {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("every test replaces it".into())
    }
}

impl Mail for Testament {
    fn from(&self) -> &'static str {
        "testament"
    }
}

impl Drop for Testament {
    fn drop(&mut self) {
        self.recorder.record("dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_supplied_value_is_dropped_at_shutdown() -> Result<()> {
    let recorder = Recorder::new();
    let testament = || Testament { recorder: recorder.clone() };
    let mail: Arc<dyn Mail> = Arc::new(testament());
    let builder = isolated().replace(testament()).replace_dyn(mail);
    let registry = builder.only::<Testament>().only::<dyn Mail>().boot().await?;
    assert_eq!(recorder.entries(), NONE);
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["dropped", "dropped"], "although {registry:?} still exists");
    Ok(())
}
