//! Guarded calls at random: who calls when, for how long, how the call ends and what it does before that, while their
//! service boots on first use and the shutdown is requested at any moment, also from inside a call. In a program of its
//! own, because what is linked in belongs to every registry.

#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{Context, EventKind, Lifecycle, NotReady, Registry, Result, guarded, service};
use simulator::Dice;
use tokio::runtime;
use tokio::time::{Instant, sleep, timeout};

/// How long `Desk` waits for its calls.
const DRAIN: Duration = ms(50);

const LIVES: u64 = 2_000;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[service(given)]
struct Scene {
    up: u64,
}

#[service(lazy, requires = [Scene], drain_timeout = "50ms")]
struct Desk;

impl Lifecycle for Desk {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        sleep(ms(cx.get::<Scene>().up)).await;
        Ok(Self)
    }
}

/// What a call does when its time is over.
#[derive(Clone, Copy, Debug)]
enum Then {
    Returns,
    Panics,
    CallsAgain(u64),
    RequestsShutdown,
    WaitsForShutdown,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    at: u64,
    lasts: u64,
    then: Then,
    /// The caller gives up after so long.
    patience: u64,
}

/// When a call was admitted, if it was, and when it was over.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    admitted: Option<Duration>,
    over: Duration,
    gave_up: bool,
    /// It called again, and that call was refused.
    refused_inside: bool,
}

#[guarded]
impl Desk {
    pub async fn serve(call: Call, visit: &Visit) -> Result<(), NotReady> {
        visit.fate().admitted = Some(visit.born.elapsed());
        sleep(ms(call.lasts)).await;
        match call.then {
            Then::Returns => {}
            // Not printed, unlike `panic!`.
            Then::Panics => resume_unwind(Box::new("as the script says")),
            Then::CallsAgain(lasts) => {
                let refused = Self::again(lasts).await.is_err();
                visit.fate().refused_inside = refused;
            }
            Then::RequestsShutdown => visit.registry.request_shutdown("a call says so"),
            Then::WaitsForShutdown => {
                let asked = Instant::now();
                visit.registry.shutdown().await.expect_err("it would wait for itself");
                assert_eq!(asked.elapsed(), Duration::ZERO, "it waited for itself");
            }
        }
        Ok(())
    }

    pub async fn again(lasts: u64) -> Result<(), NotReady> {
        sleep(ms(lasts)).await;
        Ok(())
    }
}

/// One call, from the inside.
struct Visit {
    registry: Registry,
    born: Instant,
    fate: Mutex<Fate>,
}

impl Visit {
    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draw(dice: &mut Dice) -> Call {
    let then = match dice.below(12) {
        0 => Then::Panics,
        1..4 => Then::CallsAgain(dice.time(0, 80)),
        4 => Then::RequestsShutdown,
        5 => Then::WaitsForShutdown,
        _ => Then::Returns,
    };
    let patience = if dice.chance(20) { dice.time(1, 60) } else { 10_000 };
    Call { at: dice.time(0, 100), lasts: dice.time(0, 80), then, patience }
}

async fn visit(call: Call, registry: Registry, born: Instant) -> Fate {
    sleep(ms(call.at)).await;
    let visit = Arc::new(Visit { registry, born, fate: Mutex::default() });
    let inside = visit.clone();
    // In a task of its own, so that its panic ends nobody else.
    let mut serving = tokio::spawn(async move {
        let served = inside.registry.scope(Desk::serve(call, &inside)).await;
        assert_eq!(served.is_ok(), inside.fate().admitted.is_some(), "who is admitted is served: {served:?}");
    });
    let mut fate = match timeout(ms(call.patience), &mut serving).await {
        Ok(Err(ended)) => {
            let payload = ended.into_panic();
            assert!(matches!(call.then, Then::Panics) && payload.is::<&str>(), "a call panicked that must not");
            *visit.fate()
        }
        Ok(Ok(())) => *visit.fate(),
        Err(_) => {
            serving.abort();
            Fate { gave_up: true, ..*visit.fate() }
        }
    };
    fate.over = born.elapsed();
    fate
}

/// When these happened, if they did.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    starting: Option<Duration>,
    ready: Option<Duration>,
    leaving: Option<Duration>,
    draining: Option<Duration>,
    stopping: Option<Duration>,
}

fn told(registry: &Registry) -> Told {
    let mut told = Told::default();
    for event in registry.events() {
        let at = Some(event.at);
        match (&event.kind, event.kind.service()) {
            (EventKind::ShuttingDown { .. }, _) => told.leaving = at,
            (EventKind::Starting { .. }, Some("Desk")) => told.starting = at,
            (EventKind::Ready { .. }, Some("Desk")) => told.ready = at,
            (EventKind::Draining { .. }, Some("Desk")) => told.draining = at,
            (EventKind::Stopping { .. }, Some("Desk")) => told.stopping = at,
            _ => {}
        }
    }
    told
}

fn live(seed: u64) {
    // Paused from the beginning, so that every instant is a whole number of milliseconds.
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(lifetime(seed));
}

async fn lifetime(seed: u64) {
    let mut dice = Dice::new(seed);
    let up = dice.time(0, 60);
    let calls: Vec<_> = (0..1 + dice.below(8)).map(|_| draw(&mut dice)).collect();
    let registry = Registry::builder().isolated().give(Scene { up }).boot().await.expect("nothing is booted");
    let born = Instant::now();
    let visits: Vec<_> = calls.iter().map(|&call| tokio::spawn(visit(call, registry.clone(), born))).collect();
    let until = ms(dice.time(0, 150));
    // Somebody inside may be faster.
    let _ = timeout(until, registry.stopped()).await;
    let report = registry.shutdown().await;
    let mut fates = Vec::new();
    for visit in visits {
        fates.push(visit.await.unwrap_or_else(|error| panic!("SEED={seed}: {error}")));
    }
    let told = told(&registry);
    let context = || format!("SEED={seed} up {up} {told:?}\n{calls:#?}\n{fates:#?}\n{report:?}");
    judge(&calls, &fates, told, ms(up)).unwrap_or_else(|broken| panic!("{broken}\n{}", context()));
}

/// Fails unless it holds.
fn rule(holds: bool, words: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(words.to_owned()) }
}

fn judge(calls: &[Call], fates: &[Fate], told: Told, up: Duration) -> Result<(), String> {
    let leaving = told.leaving.ok_or("it went down, and did not say so")?;
    for (call, fate) in calls.iter().zip(fates) {
        let asked = ms(call.at);
        match (fate.admitted, told.ready) {
            (Some(admitted), Some(ready)) => {
                rule(admitted == asked.max(ready), "a call is admitted as soon as its service is ready")?;
                rule(told.draining.is_none_or(|draining| admitted <= draining), "a drain admits nobody")?;
                let abandoned = told.stopping.is_some_and(|stopping| stopping <= fate.over);
                rule(!fate.refused_inside || abandoned, "a call inside a call is not refused by the drain")?;
            }
            (Some(_), None) => rule(false, "a call was admitted to what never was ready")?,
            (None, _) if fate.gave_up => {}
            (None, _) => {
                rule(fate.over >= leaving, "a call is refused only on the way down")?;
                rule(fate.over == asked.max(leaving), "a call is refused at once")?;
            }
        }
    }
    let first = calls.iter().map(|call| ms(call.at)).min().unwrap_or_default();
    if first < leaving {
        rule(told.starting == Some(first), "the first call boots its service")?;
        rule(told.ready.is_none_or(|ready| ready == first + up), "coming up takes as long as it takes")?;
    }
    let (Some(draining), Some(stopping)) = (told.draining, told.stopping) else {
        return rule(told.ready.is_none(), "what was ready goes down");
    };
    rule(draining == leaving, "the drain begins at once")?;
    let inside = fates.iter().filter(|fate| fate.admitted.is_some()).map(|fate| fate.over).max();
    let due = inside.unwrap_or_default().clamp(draining, draining + DRAIN);
    rule(stopping == due, "the drain ends with the last call, or with its budget")
}

#[test]
fn calls_are_admitted_while_their_service_is_up_and_waited_for_when_it_goes_down() {
    match std::env::var("SEED") {
        Ok(seed) => live(seed.parse().expect("SEED is a number")),
        Err(_) => (0..LIVES).for_each(live),
    }
}
