//! Those who wait for a service, against boots that succeed, fail, hang or are cancelled, in as many orders as there are
//! seeds: the clock is paused, and every step of everybody comes after a number of yields and a time that the seed draws.
//! Nobody waits for ever, and everybody is told the truth.
//!
//! This is a randomised scheduler of our own, not `shuttle`: that one replaces the threads and locks of `std`, and what is
//! run here is tasks on tokio's clock and channels, which it cannot take over.

use std::time::Duration;

use fastrand::Rng;
use service_core::{Context, Lifecycle, NotReady, Refusal, Result, State, guarded, service};
use tests::{isolated, ms};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

const SEEDS: u64 = 400;
const WAITERS: usize = 12;

/// What the boot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Succeeds,
    Fails,
    Panics,
    Hangs,
    /// It hangs, and the registry is shut down.
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

/// So many turns of the others, and so long.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    turns: usize,
    time: Duration,
}

impl Pause {
    fn random(rng: &mut Rng) -> Self {
        Self { turns: rng.usize(..6), time: ms(rng.u64(..20)) }
    }

    async fn pass(self) {
        for _ in 0..self.turns {
            yield_now().await;
        }
        if !self.time.is_zero() {
            sleep(self.time).await;
        }
        for _ in 0..self.turns {
            yield_now().await;
        }
    }
}

/// How a waiter waits.
#[derive(Clone, Copy, Debug)]
enum Patience {
    Endless,
    Short,
    /// Dropped by its caller.
    Dropped(Duration),
}

/// What a waiter was told; `None` if it was dropped.
type Told = Option<Result<(), NotReady>>;

async fn waiter(pause: Pause, patience: Patience) -> Told {
    pause.pass().await;
    match patience {
        Patience::Endless => Some(Ferry::cross().await),
        Patience::Short => Some(Ferry::cross_soon().await),
        Patience::Dropped(time) => timeout(time, Ferry::cross()).await.ok(),
    }
}

fn is_true(told: &NotReady, fate: Fate) -> bool {
    match told.cause() {
        Refusal::WaitedFor(time) => *time == ms(7),
        Refusal::Failed(failure) => match fate {
            Fate::Fails | Fate::Panics => failure.to_string().contains("storm"),
            Fate::Hangs => true,
            Fate::Succeeds | Fate::IsCancelled => false,
        },
        // On its way down, or taken back because the boot was.
        Refusal::State => fate == Fate::IsCancelled && told.state() != State::Ready,
        _ => false,
    }
}

async fn life(seed: u64) -> Result<()> {
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
    let told = timeout(ms(60_000), waiters.join_all()).await;
    let Ok(told) = told else { panic!("seed {seed}: somebody waits for ever, and the boot {fate:?}") };
    for refusal in told.into_iter().flatten().filter_map(Result::err) {
        assert!(is_true(&refusal, fate), "seed {seed}: the boot {fate:?}, and a waiter was told: {refusal}");
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
        life(seed).await?;
    }
    Ok(())
}
