//! [`Life`]: one life of one registry, lived by a script under a paused clock, and what was seen of it.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use service_core::{BootError, Event, EventKind, Registry, Report, ShutdownError, ShutdownReport, State};
use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::hush::hush;
use crate::script::{Deed, Exit, Moment, Script};
use crate::stage::{Stage, Token, ms};
use crate::trail::Step;

/// No life lasts that long, unless something waits for what will never come.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 30);

/// How the boot ended.
#[derive(Debug)]
pub enum Boot {
    /// Everything is up.
    Up(Report),
    /// It failed.
    Failed(BootError),
    /// Nobody waited for it.
    Dropped,
}

/// What was seen of one life.
#[derive(Debug)]
pub struct Life {
    /// What the hooks did.
    pub steps: Vec<Step>,
    /// What the listener was told.
    pub events: Vec<Event>,
    /// How the boot ended, and when.
    pub boot: Boot,
    /// When.
    pub booted_at: Duration,
    /// What each of those who waited for the shutdown was told.
    pub down: Vec<Result<ShutdownReport, ShutdownError>>,
    /// How many tasks were alive when the last one had been told.
    pub tasks_left: usize,
    /// What hooks, listeners and this very code saw that must not be.
    pub complaints: Vec<String>,
}

/// What the listener is told.
struct Told {
    stage: Arc<Stage>,
    names: Vec<String>,
    events: Mutex<Vec<Event>>,
    ended: watch::Sender<bool>,
    meddles: Option<(u64, Deed)>,
}

impl Told {
    fn hear(&self, event: &Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        self.look(event);
        if let Some((number, deed)) = self.meddles
            && event.number == number
        {
            self.stage.meddle(deed);
        }
        if matches!(event.kind, EventKind::ShutDown { .. }) {
            self.stage.window.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.ended.send_replace(true);
        }
    }

    /// The state of a service has already moved when its event is told; it may have moved on since.
    fn look(&self, event: &Event) {
        let Some(name) = event.kind.service() else { return };
        let possible: &[State] = match event.kind {
            EventKind::Ready { .. } => &[State::Ready, State::Draining, State::Stopping, State::Stopped],
            EventKind::Failed { .. } => &[State::Failed],
            EventKind::Blocked { .. } => &[State::Blocked],
            EventKind::Draining { .. } => &[State::Draining, State::Stopping, State::Stopped],
            EventKind::Stopping { .. } => &[State::Stopping, State::Stopped],
            // What fails by itself is undone first.
            EventKind::Undone { .. } => &[State::Failed, State::Stopped],
            EventKind::Stopped { .. } => &[State::Stopped],
            _ => return,
        };
        let window = self.stage.window.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(window) = window else { return };
        let state = window.get_named::<Token>(name).map_or_else(|refusal| refusal.state(), |_| State::Ready);
        if !possible.contains(&state) {
            self.stage.trail.complain(format!("{:?} was told while {name} was {state}", event.kind));
        }
        if let EventKind::Blocked { by, .. } = &event.kind
            && !self.names.iter().any(|known| **known == **by)
        {
            self.stage.trail.complain(format!("{name} is blocked by {by}, which nobody knows"));
        }
    }
}

impl Life {
    /// Lives a script, on a runtime of its own.
    ///
    /// # Panics
    /// If the runtime can't be made, or something panics that must not.
    pub fn live(script: &Script) -> Self {
        hush(|| {
            let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.expect("a runtime").block_on(live(script))
        })
    }

    /// Everything that was seen, in words: two lives are alike if these are.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for Step { at, service, hook, did } in &self.steps {
            log.push_str(&format!("{at:?}: {hook:?} of {service} {did:?}\n"));
        }
        for event in &self.events {
            let service = event.kind.service().map(Script::number);
            log.push_str(&format!("{:?}: event {} of {service:?}: {:?}\n", event.at, event.number, event.kind));
        }
        log.push_str(&format!("at {:?} the boot was {:?}\n", self.booted_at, self.boot));
        log.push_str(&format!("told: {:?}\ncomplaints: {:?}\n", self.down, self.complaints));
        log
    }
}

async fn live(script: &Script) -> Life {
    let stage = Stage::new();
    let told = Arc::new(Told {
        stage: stage.clone(),
        names: (0..script.parts.len()).map(Script::name).collect(),
        events: Mutex::default(),
        ended: watch::Sender::new(false),
        meddles: script.meddling.and_then(|it| match it.when {
            Moment::Event(number) => Some((number, it.what)),
            _ => None,
        }),
    });
    if let Some(meddling) = script.meddling
        && let Moment::Step(step) = meddling.when
    {
        let stage = stage.clone();
        let trail = stage.trail.clone();
        trail.set_trap(step, move || stage.meddle(meddling.what));
    }
    let lived = timeout(FOR_EVER, lifetime(script, &stage, &told)).await;
    let (boot, booted_at, down, tasks_left) = lived.unwrap_or_else(|_| {
        stage.trail.complain("somebody waits for what never comes".to_owned());
        (Boot::Dropped, FOR_EVER, Vec::new(), 0)
    });
    let done = stage.trail.len();
    sleep(ms(600_000)).await;
    if stage.trail.len() > done {
        stage.trail.complain("a hook did something after the end".to_owned());
    }
    let events = std::mem::take(&mut *told.events.lock().unwrap_or_else(PoisonError::into_inner));
    drop(told);
    let (steps, mut complaints) = stage.trail.take();
    // Every hook and every listener has a reference to the stage, and the registry has those.
    if Arc::strong_count(&stage) > 1 {
        complaints.push("something of the registry outlives it".to_owned());
    }
    Life { steps, events, boot, booted_at, down, tasks_left, complaints }
}

type Lived = (Boot, Duration, Vec<Result<ShutdownReport, ShutdownError>>, usize);

async fn lifetime(script: &Script, stage: &Arc<Stage>, told: &Arc<Told>) -> Lived {
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
                if script.parts.is_empty() || stage.trail.is_empty() && events(told) == 0 {
                    // It was dropped before it was first polled.
                    return (Boot::Dropped, dropped_at, Vec::new(), remains(stage));
                }
                ended(told).await;
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
            ended(told).await;
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
async fn first<F: Future, G: Future>(mut one: std::pin::Pin<&mut F>, other: G) -> Result<G::Output, ()> {
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

fn events(told: &Told) -> usize {
    told.events.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Ends when the listener has been told of the end.
async fn ended(told: &Told) {
    let mut ended = told.ended.subscribe();
    // The sender is `told` itself.
    let _ = ended.wait_for(|ended| *ended).await;
}

/// The last event is told shortly before the last task ends.
async fn settled(stage: &Stage) -> usize {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    remains(stage)
}
