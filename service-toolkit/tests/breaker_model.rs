//! Generated sequences of calls through a circuit breaker agree with a model.
#![cfg(feature = "breaker")]

mod harness;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use harness::{ms, paused, poll_once, seeds};
use service_core::Health;
use service_toolkit::Breaker;
use service_toolkit::breaker::{BreakerError, BreakerState};
use tokio::sync::oneshot;
use tokio::time::{Instant, advance};

type Outcome = Result<(), BreakerError<&'static str>>;

/// The breaker in words: no generations, but each call knows whether a change has made it stale.
struct Model {
    state: BreakerState,
    since: u128,
    in_a_row: u32,
    counted: Vec<(u128, bool)>,
    probe: Option<(usize, u128)>,
    good_probes: u32,
    stale: Vec<usize>,
}

struct Limits {
    in_a_row: Option<u32>,
    rate: Option<(f64, u128, usize)>,
    open_for: u128,
    probes: u32,
}

impl Model {
    fn turn(&mut self, to: BreakerState, now: u128, calls: &[usize]) {
        (self.state, self.since, self.in_a_row, self.good_probes, self.probe) = (to, now, 0, 0, None);
        self.counted.clear();
        self.stale.extend(calls);
    }

    /// Whether this call is admitted, or how long it has to wait.
    fn begin(&mut self, limits: &Limits, call: usize, now: u128, calls: &[usize]) -> Result<(), u128> {
        if self.state == BreakerState::Open {
            if now < self.since + limits.open_for {
                return Err(self.since + limits.open_for - now);
            }
            self.turn(BreakerState::HalfOpen, now, calls);
        }
        if self.state == BreakerState::HalfOpen {
            if let Some((other, began)) = self.probe {
                if now < began + limits.open_for {
                    return Err(began + limits.open_for - now);
                }
                self.stale.push(other);
            }
            self.probe = Some((call, now));
        }
        Ok(())
    }

    /// `failed` is absent if the call was cancelled.
    fn end(&mut self, limits: &Limits, call: usize, failed: Option<bool>, now: u128, calls: &[usize]) {
        if self.stale.contains(&call) {
            return;
        }
        if self.probe.is_some_and(|(probe, _)| probe == call) {
            self.probe = None;
            match failed {
                None => {}
                Some(true) => self.turn(BreakerState::Open, now, calls),
                Some(false) => {
                    self.good_probes += 1;
                    if self.good_probes >= limits.probes {
                        self.turn(BreakerState::Closed, now, calls);
                    }
                }
            }
            return;
        }
        let Some(failed) = failed else { return };
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        let mut opens = limits.in_a_row.is_some_and(|limit| self.in_a_row >= limit);
        if let Some((part, window, min)) = limits.rate {
            self.counted.retain(|(began, _)| now - began < window);
            let current = self.counted.last().map(|(began, _)| *began).filter(|began| now - began < window / 10);
            self.counted.push((current.unwrap_or(now), failed));
            let failures = self.counted.iter().filter(|(_, failed)| *failed).count();
            opens |= self.counted.len() >= min && failures as f64 >= part * self.counted.len() as f64;
        }
        if failed && opens {
            self.turn(BreakerState::Open, now, calls);
        }
    }
}

enum Signal {
    Succeed,
    Fail,
    Panic,
}

#[test]
fn generated_sequences_agree_with_a_model() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"seeded") {
            quiet(info);
        }
    }));
    seeds(400, |seed| paused(sequence(seed)));
}

async fn sequence(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let limits = Limits {
        in_a_row: random.bool().then(|| random.u32(1..4)),
        rate: random.bool().then(|| (random.f64(), [50, 200][random.usize(0..2)], random.usize(1..6))),
        open_for: [10, 40][random.usize(0..2)],
        probes: random.u32(1..4),
    };
    let limits = match limits {
        Limits { in_a_row: None, rate: None, .. } => Limits { in_a_row: Some(5), ..limits },
        _ => limits,
    };
    let mut breaker = Breaker::new("a").open_for(ms(limits.open_for as u64)).probes(limits.probes);
    if let Some(failures) = limits.in_a_row {
        breaker = breaker.consecutive_failures(failures);
    }
    if let Some((part, window, min)) = limits.rate {
        breaker = breaker.failure_rate(part, ms(window as u64), min as u32);
    }
    let breaker = Rc::new(breaker);
    let mut model = Model {
        state: BreakerState::Closed,
        since: 0,
        in_a_row: 0,
        counted: Vec::new(),
        probe: None,
        good_probes: 0,
        stale: Vec::new(),
    };
    type Call = (usize, oneshot::Sender<Signal>, Pin<Box<dyn Future<Output = Outcome>>>);
    let mut running: Vec<Call> = Vec::new();
    let began = Instant::now();
    for step in 0..200 {
        // Else tokio's budget of a task ends, and what is ready says that it is not.
        tokio::task::yield_now().await;
        let now = began.elapsed().as_millis();
        let calls: Vec<_> = running.iter().map(|(number, ..)| *number).collect();
        match random.u8(0..10) {
            0..4 => {
                let (send, receive) = oneshot::channel();
                let it = breaker.clone();
                let mut call: Pin<Box<dyn Future<Output = Outcome>>> = Box::pin(async move {
                    let call = async {
                        match receive.await {
                            Ok(Signal::Succeed) => Ok(()),
                            Ok(Signal::Fail) => Err("no"),
                            _ => panic!("seeded"),
                        }
                    };
                    it.call(call).await
                });
                let polled = poll_once(call.as_mut());
                match model.begin(&limits, step, now, &calls) {
                    Ok(()) => {
                        assert!(polled.is_pending(), "step {step}: admitted");
                        running.push((step, send, call));
                    }
                    Err(left) => {
                        let retry_after = ms(left as u64);
                        let refused = Err(BreakerError::Open { breaker: "a".into(), retry_after });
                        assert_eq!(polled, Poll::Ready(refused), "step {step}");
                    }
                }
            }
            4..8 if !running.is_empty() => {
                let (number, send, mut call) = running.swap_remove(random.usize(0..running.len()));
                let ended = match random.u8(0..8) {
                    0..3 => (Some(Signal::Succeed), Some(false)),
                    3..6 => (Some(Signal::Fail), Some(true)),
                    6 => (Some(Signal::Panic), Some(true)),
                    _ => (None, None),
                };
                if let Some(signal) = ended.0 {
                    assert!(send.send(signal).is_ok());
                    let _ = catch_unwind(AssertUnwindSafe(|| assert!(poll_once(call.as_mut()).is_ready())));
                }
                let _ = catch_unwind(AssertUnwindSafe(|| drop(call)));
                model.end(&limits, number, ended.1, now, &calls);
            }
            _ => advance(ms(random.u64(0..25))).await,
        }
        assert_eq!(breaker.state(), model.state, "step {step}");
        assert_eq!(breaker.health() == Health::Healthy, model.state == BreakerState::Closed, "step {step}");
    }
}
