//! Waiting calls during boots that succeed, fail, hang or are cancelled. The clock is paused, and a seed decides how many
//! yields and how much time come before each step. Every call ends, and with the right answer.
//!
//! `shuttle` cannot be used here. It replaces the threads and locks of `std`, and these tests run tasks on tokio's clock and
//! channels.

use std::time::Duration;

use fastrand::Rng;
use service_core::{Context, Lifecycle, NotReady, Refusal, Result, ShutdownReason, State, guarded, service};
use tests::{isolated, ms};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

const SEEDS: u64 = 400;
const WAITERS: usize = 12;

/// How the boot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Succeeds,
    Fails,
    Panics,
    Hangs,
    /// The boot hangs, and the registry is shut down.
    IsCancelled,
}

const FATES: [Fate; 5] = [Fate::Succeeds, Fate::Fails, Fate::Panics, Fate::Hangs, Fate::IsCancelled];

#[service(lazy, autowire)]
struct Weather {
    #[service(default = Fate::Hangs)]
    fate: Fate,
    after: Pause,
}

#[service(lazy, requires = [Weather], init_timeout = "1s")]
struct Ferry;

impl Lifecycle for Ferry {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let weather = cx.get::<Weather>();
        weather.after.pass().await;
        match weather.fate {
            Fate::Succeeds => Ok(Self),
            Fate::Fails => Err("storm".into()),
            Fate::Panics => panic!("storm"),
            Fate::Hangs | Fate::IsCancelled => std::future::pending().await,
        }
    }
}

impl Ferry {
    #[guarded]
    async fn cross() -> Result<(), NotReady> {
        yield_now().await;
        Ok(())
    }

    #[guarded(wait = "7ms")]
    async fn cross_soon() -> Result<(), NotReady> {
        Ok(())
    }
}

/// A number of yields, a time, and the same number of yields again.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    yields: usize,
    time: Duration,
}

impl Pause {
    fn random(rng: &mut Rng) -> Self {
        Self { yields: rng.usize(..6), time: ms(rng.u64(..20)) }
    }

    async fn pass(self) {
        for _ in 0..self.yields {
            yield_now().await;
        }
        if !self.time.is_zero() {
            sleep(self.time).await;
        }
        for _ in 0..self.yields {
            yield_now().await;
        }
    }
}

/// How long a caller waits.
#[derive(Clone, Copy, Debug)]
enum Patience {
    Endless,
    Short,
    /// The caller drops the call after this time.
    Dropped(Duration),
}

/// The result of a call; `None` if its caller dropped it.
type Outcome = Option<Result<(), NotReady>>;

async fn waiter(pause: Pause, patience: Patience) -> Outcome {
    pause.pass().await;
    match patience {
        Patience::Endless => Some(Ferry::cross().await),
        Patience::Short => Some(Ferry::cross_soon().await),
        Patience::Dropped(time) => timeout(time, Ferry::cross()).await.ok(),
    }
}

/// Whether a refusal can be the answer in a boot that ends like this.
fn is_right(refusal: &NotReady, fate: Fate) -> bool {
    match refusal.cause() {
        Refusal::WaitedFor(time) => *time == ms(7),
        Refusal::Failed(failure) => match fate {
            Fate::Fails | Fate::Panics => failure.to_string().contains("storm"),
            Fate::Hangs => true,
            Fate::Succeeds | Fate::IsCancelled => false,
        },
        Refusal::State => {
            let is_cancelled = refusal.shutdown_reason() == Some(&ShutdownReason::from("cancelled"));
            fate == Fate::IsCancelled && is_cancelled && refusal.state() != State::Ready
        }
        _ => false,
    }
}

/// One boot with this seed.
async fn simulate(seed: u64) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    let fate = FATES[rng.usize(..FATES.len())];
    let weather = Weather { fate, after: Pause::random(&mut rng) };
    let registry = isolated().replace::<Weather>(weather).boot().await?;
    let mut waiters = JoinSet::new();
    for _ in 0..WAITERS {
        let pause = Pause::random(&mut rng);
        let patience = match rng.usize(..3) {
            0 => Patience::Endless,
            1 => Patience::Short,
            _ => Patience::Dropped(ms(rng.u64(..10))),
        };
        let registry = registry.clone();
        waiters.spawn(async move { registry.scope(waiter(pause, patience)).await });
    }
    if fate == Fate::IsCancelled {
        Pause::random(&mut rng).pass().await;
        registry.request_shutdown("cancelled");
    }
    let outcomes = timeout(ms(60_000), waiters.join_all()).await;
    let Ok(outcomes) = outcomes else { panic!("seed {seed}, {fate:?}: a call did not end") };
    for refusal in outcomes.into_iter().flatten().filter_map(Result::err) {
        assert!(is_right(&refusal, fate), "seed {seed}, {fate:?}: {refusal}");
    }
    if fate == Fate::Succeeds {
        registry.scope(Ferry::cross()).await?;
    }
    let report = registry.shutdown().await?;
    assert_eq!(report.services.iter().map(|it| it.calls_left.len()).sum::<usize>(), 0, "seed {seed}");
    Ok(())
}

// shows: D03, D04
#[tokio::test(start_paused = true)]
async fn every_waiting_call_gets_the_right_answer_in_every_order_of_events() -> Result<()> {
    for seed in 0..SEEDS {
        simulate(seed).await?;
    }
    Ok(())
}
