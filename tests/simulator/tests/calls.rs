//! Random guarded calls: when they are made, how long they take, how they end and what they do before that (they ask a loop of
//! their service, or hand work to a task), while their service boots on first use and the shutdown is requested at any moment, also from inside a call. A separate test
//! binary, because a linked service belongs to every registry.

#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use service_core::{Context, EventKind, Lifecycle, NotReady, Registry, Result, guarded, service};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

/// How long `Server` waits for its calls, and then for its tasks, if the calls have used up that time.
const DRAIN: Duration = ms(50);

const RUNS: u64 = 2_000;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How long the `init` of `Server` takes, in milliseconds, and when its loop ended.
#[service(given)]
struct InitTime {
    millis: u64,
    loop_ended: LoopEnd,
}

type LoopEnd = Arc<Mutex<Option<Instant>>>;

/// How long the answer takes, and where it goes.
type Question = (u64, oneshot::Sender<()>);

#[service(lazy, requires = [InitTime], drain_timeout = "50ms")]
struct Server {
    cx: Context<Server>,
    questions: mpsc::UnboundedSender<Question>,
}

impl Lifecycle for Server {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let init = cx.get::<InitTime>();
        sleep(ms(init.millis)).await;
        let (questions, mut asked) = mpsc::unbounded_channel::<Question>();
        let (stopping, ended) = (cx.stopping(), init.loop_ended.clone());
        cx.spawn("answer", async move {
            while let Some(Some((takes, answer))) = stopping.run_until_cancelled(asked.recv()).await {
                sleep(ms(takes)).await;
                let _ = answer.send(());
            }
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        });
        Ok(Self { cx: cx.clone(), questions })
    }
}

/// What a call does at its end.
#[derive(Clone, Copy, Debug)]
enum CallEnd {
    Returns,
    Panics,
    CallsAgain(u64),
    /// Asks the loop of the service, whose answer takes so long.
    Asks(u64),
    /// Hands work that takes so long to a task of the service.
    HandsOver(u64),
    RequestsShutdown,
    AwaitsShutdown,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    at: u64,
    takes: u64,
    end: CallEnd,
    /// The caller drops the call after this time.
    timeout: u64,
}

/// When a call was admitted, if it was, and when it ended.
#[derive(Clone, Copy, Debug, Default)]
struct CallOutcome {
    admitted: Option<Duration>,
    ended: Duration,
    timed_out: bool,
    /// The call made another call, which was refused.
    nested_refused: bool,
    /// The loop did not answer.
    unanswered: bool,
    /// When work was handed to a task, if it was, whether it was accepted, and when it was done.
    handed_over: Option<(Duration, bool)>,
    done: Option<Duration>,
}

#[guarded]
impl Server {
    pub async fn serve(call: Call, client: &Arc<Client>) -> Result<(), NotReady> {
        client.outcome().admitted = Some(client.began.elapsed());
        let server = Self::service().await?;
        sleep(ms(call.takes)).await;
        match call.end {
            CallEnd::Returns => {}
            // Not printed, unlike `panic!`.
            CallEnd::Panics => resume_unwind(Box::new("injected panic")),
            CallEnd::CallsAgain(takes) => {
                let refused = Self::nested(takes).await.is_err();
                client.outcome().nested_refused = refused;
            }
            CallEnd::Asks(takes) => {
                let (answer, answered) = oneshot::channel();
                let is_asked = server.questions.send((takes, answer)).is_ok();
                let is_answered = is_asked && answered.await.is_ok();
                client.outcome().unanswered = !is_answered;
            }
            CallEnd::HandsOver(takes) => {
                let inside = client.clone();
                let is_accepted = server.cx.spawn("work", async move {
                    sleep(ms(takes)).await;
                    inside.outcome().done = Some(inside.began.elapsed());
                });
                client.outcome().handed_over = Some((client.began.elapsed(), is_accepted));
            }
            CallEnd::RequestsShutdown => client.registry.request_shutdown("requested by a call"),
            CallEnd::AwaitsShutdown => {
                let asked = Instant::now();
                client.registry.shutdown().await.expect_err("the shutdown would wait for this call");
                assert_eq!(asked.elapsed(), Duration::ZERO, "the call waited for the shutdown");
            }
        }
        Ok(())
    }

    pub async fn nested(takes: u64) -> Result<(), NotReady> {
        sleep(ms(takes)).await;
        Ok(())
    }
}

/// The caller of one call, who records what happens to it.
struct Client {
    registry: Registry,
    began: Instant,
    outcome: Mutex<CallOutcome>,
}

impl Client {
    fn outcome(&self) -> MutexGuard<'_, CallOutcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_call(rng: &mut Rng) -> Call {
    let end = match rng.u8(..16) {
        0 => CallEnd::Panics,
        1..4 => CallEnd::CallsAgain(rng.u64(0..=80)),
        4 => CallEnd::RequestsShutdown,
        5 => CallEnd::AwaitsShutdown,
        6..8 => CallEnd::Asks(rng.u64(0..=40)),
        8..10 => CallEnd::HandsOver(rng.u64(0..=80)),
        _ => CallEnd::Returns,
    };
    let timeout = if rng.u8(..100) < 20 { rng.u64(1..=60) } else { 10_000 };
    Call { at: rng.u64(0..=100), takes: rng.u64(0..=80), end, timeout }
}

async fn make_call(call: Call, registry: Registry, began: Instant) -> CallOutcome {
    sleep(ms(call.at)).await;
    let client = Arc::new(Client { registry, began, outcome: Mutex::default() });
    let inside = client.clone();
    // A task of its own, so that a panic ends only this call.
    let mut serving = tokio::spawn(async move {
        let served = inside.registry.scope(Server::serve(call, &inside)).await;
        let was_admitted = inside.outcome().admitted.is_some();
        assert_eq!(served.is_ok(), was_admitted, "an admitted call succeeds, and no other: {served:?}");
    });
    let mut outcome = match timeout(ms(call.timeout), &mut serving).await {
        Ok(Err(error)) => {
            let payload = error.into_panic();
            assert!(matches!(call.end, CallEnd::Panics) && payload.is::<&str>(), "an unexpected panic in a call");
            *client.outcome()
        }
        Ok(Ok(())) => *client.outcome(),
        Err(_) => {
            serving.abort();
            CallOutcome { timed_out: true, ..*client.outcome() }
        }
    };
    outcome.ended = began.elapsed();
    // Work that was handed over outlives the call, but not the service.
    let _ = client.registry.stopped().await;
    CallOutcome { done: client.outcome().done, ..outcome }
}

/// When each of these events was emitted, if it was.
#[derive(Clone, Copy, Debug, Default)]
struct EventTimes {
    starting: Option<Duration>,
    ready: Option<Duration>,
    shutting_down: Option<Duration>,
    draining: Option<Duration>,
    stopping: Option<Duration>,
    /// When the loop of `Server` ended by itself.
    loop_ended: Option<Duration>,
}

fn event_times(registry: &Registry) -> EventTimes {
    let mut times = EventTimes::default();
    for event in registry.events() {
        let at = Some(event.at);
        match (&event.kind, event.kind.service()) {
            (EventKind::ShuttingDown { .. }, _) => times.shutting_down = at,
            (EventKind::Starting { .. }, Some("Server")) => times.starting = at,
            (EventKind::Ready { .. }, Some("Server")) => times.ready = at,
            (EventKind::Draining { .. }, Some("Server")) => times.draining = at,
            (EventKind::Stopping { .. }, Some("Server")) => times.stopping = at,
            _ => {}
        }
    }
    times
}

fn check_seed(seed: u64) {
    // The clock is paused from the beginning, so that every instant is a whole number of milliseconds.
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run(seed));
}

async fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let millis = rng.u64(0..=60);
    let calls: Vec<_> = (0..rng.usize(1..=8)).map(|_| random_call(&mut rng)).collect();
    let loop_ended = LoopEnd::default();
    let init = InitTime { millis, loop_ended: loop_ended.clone() };
    let registry = Registry::builder().isolated().give(init).boot().await.expect("an empty boot");
    let began = Instant::now();
    let running: Vec<_> = calls.iter().map(|&call| tokio::spawn(make_call(call, registry.clone(), began))).collect();
    let uptime = ms(rng.u64(0..=150));
    // A call may request the shutdown earlier.
    let _ = timeout(uptime, registry.stopped()).await;
    let report = registry.shutdown().await;
    let mut outcomes = Vec::new();
    for call in running {
        outcomes.push(call.await.unwrap_or_else(|error| panic!("SEED={seed}: {error}")));
    }
    let loop_ended = loop_ended.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at - began);
    let times = EventTimes { loop_ended, ..event_times(&registry) };
    let context = || format!("SEED={seed} init {millis} {times:?}\n{calls:#?}\n{outcomes:#?}\n{report:?}");
    judge(&calls, &outcomes, times, ms(millis)).unwrap_or_else(|violation| panic!("{violation}\n{}", context()));
}

/// An error with this rule, unless it holds.
fn ensure(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

fn judge(calls: &[Call], outcomes: &[CallOutcome], times: EventTimes, init: Duration) -> Result<(), String> {
    let shutting_down = times.shutting_down.ok_or("a shutdown emits an event")?;
    for (call, outcome) in calls.iter().zip(outcomes) {
        let made = ms(call.at);
        match (outcome.admitted, times.ready) {
            (Some(admitted), Some(ready)) => {
                ensure(admitted == made.max(ready), "a call is admitted as soon as its service is ready")?;
                ensure(times.draining.is_none_or(|draining| admitted <= draining), "a drain admits no call")?;
                let abandoned = times.stopping.is_some_and(|stopping| stopping <= outcome.ended);
                ensure(!outcome.nested_refused || abandoned, "a nested call is not refused by the drain")?;
                let is_late = times.draining.is_some_and(|draining| draining + DRAIN <= outcome.ended);
                ensure(!outcome.unanswered || is_late, "a loop runs for as long as calls may need it")?;
            }
            (Some(_), None) => ensure(false, "a call is admitted only if its service was ready")?,
            (None, _) if outcome.timed_out => {}
            (None, _) => {
                ensure(outcome.ended >= shutting_down, "a call is refused only during the shutdown")?;
                ensure(outcome.ended == made.max(shutting_down), "a call is refused immediately")?;
            }
        }
    }
    let first = calls.iter().map(|call| ms(call.at)).min().unwrap_or_default();
    if first < shutting_down {
        ensure(times.starting == Some(first), "the first call boots its service")?;
        ensure(times.ready.is_none_or(|ready| ready == first + init), "a start takes as long as its `init`")?;
    }
    let (Some(draining), Some(stopping)) = (times.draining, times.stopping) else {
        return ensure(times.ready.is_none(), "a service that was ready is stopped");
    };
    ensure(draining == shutting_down, "the drain begins immediately")?;
    let admitted = outcomes.iter().filter(|outcome| outcome.admitted.is_some());
    let last_ended = admitted.map(|outcome| outcome.ended).max().unwrap_or_default();
    let calls_due = last_ended.clamp(draining, draining + DRAIN);
    let mut tasks_due = times.loop_ended.unwrap_or(Duration::MAX);
    for (call, outcome) in calls.iter().zip(outcomes) {
        let (CallEnd::HandsOver(takes), Some((at, is_accepted))) = (call.end, outcome.handed_over) else { continue };
        ensure(is_accepted == (at <= calls_due), "work is accepted until the calls have ended, and no longer")?;
        if is_accepted {
            tasks_due = tasks_due.max(at + ms(takes));
            let is_in_time = at + ms(takes) <= calls_due + DRAIN;
            ensure(outcome.done == is_in_time.then_some(at + ms(takes)), "work that was accepted is done in time")?;
        }
    }
    let due = tasks_due.clamp(calls_due, calls_due + DRAIN);
    ensure(stopping == due, "the drain ends with the last call and the last task, or with its budget")
}

#[test]
fn calls_are_admitted_while_their_service_is_ready_and_drained_before_it_stops() {
    match std::env::var("SEED") {
        Ok(seed) => check_seed(seed.parse().expect("SEED must be a number")),
        Err(_) => (0..RUNS).for_each(check_seed),
    }
}
