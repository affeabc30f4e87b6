//! [`Stage`]: turns the parts of a script into definitions whose hooks do what the script says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use service_core::{Context, Definition, Health, Registry, Result, Retry};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::hush::Loud;
use crate::pump::{Pump, Run};
use crate::script::{Act, Bond, Chore, Deed, End, Part, Payload, Script};
use crate::trail::{Hook, Trail};

/// The instance of a simulated service.
pub(crate) struct Token {
    stage: Arc<Stage>,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.stage.instances.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the hooks of one life share.
pub(crate) struct Stage {
    /// What they did.
    pub trail: Trail,
    /// The registry's token.
    pub token: CancellationToken,
    /// The registry, once it is up; taken out when all handles are to be dropped.
    pub registry: Mutex<Option<Registry>>,
    /// Told when somebody wants the future of `boot()`, or the handles, dropped.
    pub dropping: Notify,
    /// The context of some service, for a listener that wants to look at the others. It keeps the registry's innards
    /// alive, which nobody counts as a handle.
    pub window: Mutex<Option<Context<Token>>>,
    /// What breaks the supervised task of each service.
    pub breaks: Vec<Notify>,
    /// How many instances are alive.
    pub instances: AtomicUsize,
}

/// So many milliseconds.
pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

async fn pass(time: u64) {
    if time > 0 {
        sleep(ms(time)).await;
    }
}

impl Payload {
    fn throw(self) -> ! {
        match self {
            Self::Text => panic!("{}", String::from("thrown as text")),
            Self::Str => panic!("thrown as a str"),
            Self::Other => std::panic::panic_any(7_u8),
        }
    }
}

impl Stage {
    /// Nothing has happened yet to so many services.
    pub(crate) fn new(services: usize) -> Arc<Self> {
        Arc::new(Self {
            trail: Trail::new(),
            token: CancellationToken::new(),
            registry: Mutex::default(),
            dropping: Notify::new(),
            window: Mutex::default(),
            breaks: (0..services).map(|_| Notify::new()).collect(),
            instances: AtomicUsize::new(0),
        })
    }

    /// The registry, if it is up.
    pub(crate) fn registry(&self) -> Option<Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody meddles.
    pub(crate) fn meddle(&self, deed: Deed) {
        match (deed, self.registry()) {
            (Deed::Cancel, _) | (Deed::Request, None) => self.token.cancel(),
            (Deed::Request, Some(registry)) => registry.request_shutdown("somebody meddled"),
            (Deed::Drop, _) => self.dropping.notify_one(),
            (Deed::Break(service), _) => self.breaks[service].notify_one(),
        }
    }

    /// A service that plays its part.
    pub(crate) fn define(self: &Arc<Self>, script: &Script, service: usize) -> Definition<Token> {
        let part = Arc::new(script.parts[service].clone());
        let needs = |bond: Bond| {
            let needs = part.needs.iter().filter(move |need| need.bond == bond);
            needs.map(|need| Script::name(need.on)).collect::<Vec<_>>()
        };
        let (stage, acts) = (self.clone(), part.clone());
        let attempts = Arc::new(Mutex::new(0));
        let runs = Arc::new(AtomicUsize::new(0));
        let mut definition = Definition::new(Script::name(service))
            .init(move |cx| {
                let attempt = {
                    let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
                    *attempts += 1;
                    *attempts
                };
                if let Some(pump) = acts.pump.clone() {
                    stage.pump(pump, service, attempt, &runs, &cx);
                }
                stage.clone().init(acts.clone(), service, attempt, cx)
            })
            .requires(needs(Bond::Requires))
            .wants(needs(Bond::Wants))
            .after(needs(Bond::After))
            .init_timeout(ms(part.init_timeout))
            .drain_timeout(ms(part.drain_timeout))
            .shutdown_timeout(ms(part.shutdown_timeout))
            .retry(Retry::new(part.attempts, ms(part.pause), ms(4 * part.pause)));
        if let Some(policy) = part.restart {
            definition = definition.restart(policy.restart());
        }
        if part.lazy {
            definition = definition.lazy();
        }
        if part.optional {
            definition = definition.optional();
        }
        if let Some(act) = part.start {
            let stage = self.clone();
            definition = definition.start(move |_, cx| stage.clone().act(service, Hook::Start, act, Some(cx)));
        }
        if let Some(act) = part.health {
            let stage = self.clone();
            definition = definition.health(move |_| {
                let playing = stage.clone().act(service, Hook::Health, act, None);
                async { Health::from_result(playing.await) }
            });
        }
        if let Some(act) = part.shutdown {
            let stage = self.clone();
            definition = definition.shutdown(move |_, cx| stage.clone().act(service, Hook::Shutdown, act, Some(cx)));
        }
        definition
    }

    async fn init(self: Arc<Self>, part: Arc<Part>, service: usize, attempt: u32, cx: Context<Token>) -> Result<Token> {
        let running = self.trail.begin(service, Hook::Init(attempt));
        self.window.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| cx.clone());
        for need in part.needs.iter().filter(|need| need.bond == Bond::Requires) {
            if let Err(error) = cx.get_named::<Token>(&Script::name(need.on)) {
                self.trail.complain(format!("init of {service} began before what it requires was ready: {error}"));
            }
        }
        for (number, &chore) in part.chores.iter().enumerate() {
            let (stage, context) = (self.clone(), cx.clone());
            cx.spawn("chore", stage.chore(service, Hook::Chore(attempt, number), chore, context));
        }
        self.defer(&part, service, attempt, &cx, true);
        let act = part.init(attempt);
        play(act, Some(&cx)).await;
        self.defer(&part, service, attempt, &cx, false);
        running.end();
        outcome(act.ends)?;
        self.instances.fetch_add(1, Ordering::Relaxed);
        Ok(Token { stage: self })
    }

    fn defer(self: &Arc<Self>, part: &Part, service: usize, attempt: u32, cx: &Context<Token>, early: bool) {
        for (number, cleanup) in part.cleanups.iter().enumerate().filter(|(_, it)| it.early == early) {
            self.trail.owe(service, attempt, number);
            let (hook, act) = (Hook::Cleanup(attempt, number), cleanup.act);
            cx.defer(self.clone().act(service, hook, act, Some(cx.clone())));
        }
    }

    async fn act(self: Arc<Self>, service: usize, hook: Hook, act: Act, cx: Option<Context<Token>>) -> Result<()> {
        let running = self.trail.begin(service, hook);
        play(act, cx.as_ref()).await;
        running.end();
        outcome(act.ends)
    }

    /// Spawns the supervised task of an attempt; `runs` counts the runs of all of them.
    fn pump(self: &Arc<Self>, pump: Pump, service: usize, attempt: u32, runs: &Arc<AtomicUsize>, cx: &Context<Token>) {
        let (stage, runs, stopping) = (self.clone(), runs.clone(), cx.stopping());
        cx.tasks().supervised("pump", pump.policy.restart(), move || {
            let number = runs.fetch_add(1, Ordering::Relaxed);
            let (run, stopping) = (pump.runs.get(number).copied(), stopping.clone());
            stage.clone().run(service, Hook::Run(attempt, number), run, stopping)
        });
    }

    async fn run(
        self: Arc<Self>,
        service: usize,
        hook: Hook,
        run: Option<Run>,
        stopping: CancellationToken,
    ) -> Result<()> {
        let running = self.trail.begin(service, hook);
        let ends = async {
            match run {
                None => std::future::pending().await,
                Some(Run { lasts: Some(time), .. }) => pass(time).await,
                Some(Run { lasts: None, .. }) => self.breaks[service].notified().await,
            }
            run.map_or(End::Well, |run| run.ends)
        };
        match stopping.run_until_cancelled(ends).await {
            Some(ends) => {
                running.end();
                outcome(ends)
            }
            None => {
                running.heed();
                Ok(())
            }
        }
    }

    async fn chore(self: Arc<Self>, service: usize, hook: Hook, chore: Chore, cx: Context<Token>) -> Result<()> {
        let running = self.trail.begin(service, hook);
        match chore.runs {
            Some(time) => pass(time).await,
            None => cx.stopping().cancelled().await,
        }
        play(chore.act, None).await;
        if let (End::AsksShutdown, Some(registry)) = (chore.act.ends, self.registry()) {
            let began = Instant::now();
            if registry.shutdown().await.is_ok() || began.elapsed() > Duration::ZERO {
                self.trail.complain(format!("a task of {service} was let wait for the shutdown that waits for it"));
            }
        }
        running.end();
        outcome(chore.act.ends)
    }
}

/// Takes its time, and does not come back if it is to hang.
async fn play(act: Act, cx: Option<&Context<Token>>) {
    match (act.extends, cx) {
        (Some((after, by)), Some(cx)) => {
            pass(after).await;
            cx.extend(ms(by));
            pass(act.lasts - after).await;
        }
        _ => pass(act.lasts).await,
    }
    if act.ends == End::Never {
        std::future::pending::<()>().await;
    }
}

fn outcome(ends: End) -> Result<()> {
    match ends {
        End::Error => Err(Loud.into()),
        End::Panic(payload) => payload.throw(),
        _ => Ok(()),
    }
}
