//! [`Breaker`]: a circuit breaker, which stops calls to a dependency that does not work.
//!
//! The state machine is a plain value under a lock that is never held while code of a user runs. Each change of the state begins
//! a new generation. A call remembers the generation in which it was admitted, and its result counts only in that generation.

mod breaker_error;
mod window;

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{Health, record};
use tokio::sync::watch;
use tokio::time::Instant;

pub use breaker_error::BreakerError;
use window::Window;

/// A circuit breaker: refuses calls to a dependency that has failed too often, until a probe shows that it works again.
///
/// - *Closed*: calls run. The breaker opens after a number of [consecutive failures](Self::consecutive_failures), 5 by default,
///   or at a [failure rate](Self::failure_rate).
/// - *Open*: calls are refused at once, for [a time](Self::open_for), 30 s by default.
/// - *Half-open*: the first call after that time is a probe. Other calls are refused while it runs, for at most that time. If it
///   succeeds, and as many others as [`probes`](Self::probes) says, the breaker closes; if it fails, the breaker opens again.
///
/// If a call is cancelled, it does not count, and a cancelled probe makes place for the next one. To count a call that takes too
/// long as a failure, put the time limit inside: `breaker.call(timeout(…))`. A panic counts as a failure. A call that began before
/// a change of the state does not count when it ends after it.
///
/// Each change is a `tracing` event, and [`watch`](Self::watch) follows the state. A service that depends on the breaker can
/// return [`health`](Self::health) from its health check. The design is that of Michael Nygard's "Release It!".
///
/// ```
/// use std::time::Duration;
/// use service_toolkit::Breaker;
/// use service_toolkit::breaker::BreakerError;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let payments = Breaker::new("payments").consecutive_failures(2).open_for(Duration::from_secs(10));
/// for _ in 0..2 {
///     let charged = payments.call(async { Err::<(), _>("no connection") }).await;
///     assert_eq!(charged, Err(BreakerError::Failed("no connection")));
/// }
/// let refused = payments.call(async { Ok::<_, &str>(()) }).await;
/// assert!(matches!(refused, Err(BreakerError::Open { .. })));
/// # }
/// ```
pub struct Breaker {
    name: Cow<'static, str>,
    settings: Settings,
    machine: Mutex<Machine>,
    state: watch::Sender<BreakerState>,
}

/// The state of a [`Breaker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Calls run.
    Closed,
    /// Calls are refused. The state remains until a call is made after the time that the breaker is open.
    Open,
    /// One call at a time runs as a probe. Other calls are refused, until the probe has taken as long as the breaker is open.
    HalfOpen,
}

#[derive(Debug)]
struct Settings {
    consecutive: Option<u32>,
    rate: Option<Rate>,
    open_for: Duration,
    probes: u32,
}

#[derive(Debug)]
struct Rate {
    part: f64,
    window: Duration,
    min_calls: u32,
}

struct Machine {
    generation: u64,
    phase: Phase,
}

enum Phase {
    Closed { consecutive: u32, window: Window },
    Open { since: Instant, why: String },
    HalfOpen { probe: Option<Instant>, successes: u32 },
}

/// A change of the state.
struct Change {
    from: BreakerState,
    to: BreakerState,
    why: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Success,
    Failure,
    Cancelled,
}

impl Breaker {
    /// A closed breaker. The name is that of the dependency, for events, errors and health.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    /// use service_toolkit::breaker::BreakerState;
    ///
    /// assert_eq!(Breaker::new("payments").state(), BreakerState::Closed);
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let settings = Settings { consecutive: None, rate: None, open_for: Duration::from_secs(30), probes: 1 };
        let phase = Phase::closed();
        let machine = Mutex::new(Machine { generation: 0, phase });
        Self { name: name.into(), settings, machine, state: watch::Sender::new(BreakerState::Closed) }
    }

    /// Opens the breaker after this many failures without a success between them. Zero is taken as one. It is 5 by default, or
    /// off if only a [failure rate](Self::failure_rate) is set.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    ///
    /// let payments = Breaker::new("payments").consecutive_failures(3);
    /// # let _ = payments;
    /// ```
    pub fn consecutive_failures(mut self, failures: u32) -> Self {
        self.settings.consecutive = Some(failures.max(1));
        self
    }

    /// Opens the breaker at a failure if at least this part (from 0 to 1) of the calls within the last `window` have failed, and
    /// there were at least `min_calls` of them.
    ///
    /// Calls leave the window a tenth of it at a time. A part above 1, or not a number, is taken as 1.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use service_toolkit::Breaker;
    ///
    /// // Open if half of at least 20 calls within 10 s have failed.
    /// let search = Breaker::new("search").failure_rate(0.5, Duration::from_secs(10), 20);
    /// # let _ = search;
    /// ```
    pub fn failure_rate(mut self, part: f64, window: Duration, min_calls: u32) -> Self {
        // `min` also replaces a part that is not a number.
        self.settings.rate = Some(Rate { part: part.min(1.0), window, min_calls });
        self
    }

    /// How long the breaker is open before it allows a probe; 30 s by default. A probe that runs longer than this is given up: it
    /// continues, but does not count, and another call may probe. So choose a longer time than a call takes. With zero, each call
    /// probes at once and takes the place of the probe before it, and only a probe during which no other call begins counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::Breaker;
    ///
    /// let payments = Breaker::new("payments").open_for(Duration::from_secs(60));
    /// # let _ = payments;
    /// ```
    pub fn open_for(mut self, time: Duration) -> Self {
        self.settings.open_for = time;
        self
    }

    /// How many probes have to succeed, one after the other, before the breaker closes; 1 by default. Zero is taken as one. A probe
    /// that is cancelled or given up counts neither way.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    ///
    /// let payments = Breaker::new("payments").probes(3);
    /// # let _ = payments;
    /// ```
    pub fn probes(mut self, successes: u32) -> Self {
        self.settings.probes = successes.max(1);
        self
    }

    /// Runs a call, and counts an error of it as a failure. If the breaker is open, the future is dropped without being polled.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    /// use service_toolkit::breaker::BreakerError;
    ///
    /// # async fn charge() -> std::io::Result<u32> { Ok(1) }
    /// # async fn example(payments: Breaker) {
    /// match payments.call(charge()).await {
    ///     Ok(receipt) => println!("receipt {receipt}"),
    ///     Err(BreakerError::Open { retry_after, .. }) => println!("call again in {retry_after:?}"),
    ///     Err(BreakerError::Failed(error)) => println!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// - [`BreakerError::Open`] if the call is refused.
    /// - [`BreakerError::Failed`] with the error of the call.
    pub fn call<T, E>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, BreakerError<E>>> {
        // Not an `async fn`, which would store the call twice.
        self.call_with(future, |_| true)
    }

    /// Runs a call, and counts an error of it as a failure if `is_failure` returns `true`. Any other error counts as a success,
    /// because the dependency has answered. A panic of `is_failure` counts as a failure.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    /// use service_toolkit::breaker::BreakerState;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let users = Breaker::new("users").consecutive_failures(1);
    /// let not_found = users.call_with(async { Err::<(), _>(404) }, |status| *status >= 500).await;
    /// assert!(not_found.is_err());
    /// assert_eq!(users.state(), BreakerState::Closed);
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_with<T, E>(
        &self,
        future: impl Future<Output = Result<T, E>>,
        is_failure: impl FnOnce(&E) -> bool,
    ) -> Result<T, BreakerError<E>> {
        let mut permit = self.admit()?;
        let mut future = pin!(future);
        let result = poll_fn(|cx| {
            permit.on_drop = Outcome::Failure;
            let polled = future.as_mut().poll(cx);
            permit.on_drop = Outcome::Cancelled;
            polled
        });
        let result = result.await;
        // Until it is known: a panic of `is_failure` counts as a failure, too.
        permit.on_drop = Outcome::Failure;
        let failed = result.as_ref().is_err_and(is_failure);
        permit.on_drop = if failed { Outcome::Failure } else { Outcome::Success };
        drop(permit);
        result.map_err(BreakerError::Failed)
    }

    /// The state. An open breaker remains open until a call probes it.
    ///
    /// ```
    /// use service_toolkit::Breaker;
    /// use service_toolkit::breaker::BreakerState;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let payments = Breaker::new("payments").consecutive_failures(1);
    /// let _ = payments.call(async { Err::<(), _>("no connection") }).await;
    /// assert_eq!(payments.state(), BreakerState::Open);
    /// # }
    /// ```
    pub fn state(&self) -> BreakerState {
        *self.state.borrow()
    }

    /// Follows the state.
    ///
    /// ```
    /// # use service_toolkit::Breaker;
    /// # async fn example(payments: Breaker) {
    /// let mut states = payments.watch();
    /// while states.changed().await.is_ok() {
    ///     println!("payments: {:?}", *states.borrow_and_update());
    /// }
    /// # }
    /// ```
    pub fn watch(&self) -> watch::Receiver<BreakerState> {
        self.state.subscribe()
    }

    /// Healthy if the breaker is closed, and otherwise degraded with the reason, so that a service can return it from its health
    /// check. It is not unhealthy, because a restart of the calling service would not help.
    ///
    /// ```
    /// use service_core::Health;
    /// use service_toolkit::Breaker;
    ///
    /// assert_eq!(Breaker::new("payments").health(), Health::Healthy);
    /// ```
    pub fn health(&self) -> Health {
        let name = &self.name;
        match &self.machine().phase {
            Phase::Closed { .. } => Health::Healthy,
            Phase::Open { since, why } => {
                let left = self.settings.open_for.saturating_sub(since.elapsed());
                Health::degraded(format!(
                    "the circuit breaker {name} is open after {why}; it allows a probe in {left:?}"
                ))
            }
            Phase::HalfOpen { successes, .. } => {
                let probes = self.settings.probes;
                Health::degraded(format!(
                    "the circuit breaker {name} is half-open: {successes} of {probes} probes have succeeded"
                ))
            }
        }
    }

    #[inline]
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit<E>(&self) -> Result<Permit<'_>, BreakerError<E>> {
        let admitted = self.step(|machine| {
            let (admitted, change) = machine.admit(&self.settings);
            (admitted.map(|()| machine.generation), change)
        });
        admitted
            .map(|generation| Permit { breaker: self, generation, on_drop: Outcome::Cancelled })
            .map_err(|retry_after| BreakerError::Open { breaker: self.name.clone(), retry_after })
    }

    fn step<T>(&self, step: impl FnOnce(&mut Machine) -> (T, Option<Change>)) -> T {
        let mut machine = self.machine();
        let (output, change) = step(&mut machine);
        let Some(Change { from, to, why }) = change else { return output };
        // Under the lock, so that the states are seen in their order.
        self.state.send_replace(to);
        drop(machine);
        // Not under the lock, because a subscriber of `tracing` may run any code.
        if to == BreakerState::Open {
            record!(domain: "breaker", action: "open", status: warning,
                breaker = &*self.name, ?from, ?to, why, "the circuit breaker opens");
        } else {
            record!(domain: "breaker", action: "change", status: success,
                breaker = &*self.name, ?from, ?to, why, "the circuit breaker changes its state");
        }
        output
    }
}

impl Machine {
    /// Admits a call, or returns after which time another call may be admitted.
    #[inline]
    fn admit(&mut self, settings: &Settings) -> (Result<(), Duration>, Option<Change>) {
        let left =
            |since: &Instant| Some(settings.open_for.saturating_sub(since.elapsed())).filter(|left| !left.is_zero());
        match &mut self.phase {
            Phase::Closed { .. } => (Ok(()), None),
            Phase::Open { since, .. } => match left(since) {
                Some(left) => (Err(left), None),
                None => {
                    let probing = Phase::HalfOpen { probe: Some(Instant::now()), successes: 0 };
                    (Ok(()), Some(self.change(probing, "a call probes".to_owned())))
                }
            },
            Phase::HalfOpen { probe, .. } => match probe.as_ref().and_then(left) {
                Some(left) => (Err(left), None),
                None => {
                    // The result of a probe that took too long must not count, so a new generation begins.
                    self.generation += u64::from(probe.is_some());
                    *probe = Some(Instant::now());
                    (Ok(()), None)
                }
            },
        }
    }

    fn settle(&mut self, settings: &Settings, generation: u64, outcome: Outcome) -> Option<Change> {
        if generation != self.generation {
            return None;
        }
        match (&mut self.phase, outcome) {
            (Phase::Closed { .. } | Phase::Open { .. }, Outcome::Cancelled) | (Phase::Open { .. }, _) => None,
            (Phase::Closed { consecutive, window }, outcome) => {
                let failed = outcome == Outcome::Failure;
                *consecutive = if failed { consecutive.saturating_add(1) } else { 0 };
                if let Some(rate) = &settings.rate {
                    window.add(rate.window, failed, Instant::now());
                }
                let why = settings.why_open(*consecutive, window).filter(|_| failed)?;
                Some(self.change(Phase::Open { since: Instant::now(), why: why.clone() }, why))
            }
            (Phase::HalfOpen { probe, .. }, Outcome::Cancelled) => {
                *probe = None;
                None
            }
            (Phase::HalfOpen { .. }, Outcome::Failure) => {
                let why = "a probe that failed".to_owned();
                Some(self.change(Phase::Open { since: Instant::now(), why: why.clone() }, why))
            }
            (Phase::HalfOpen { probe, successes }, Outcome::Success) => {
                *probe = None;
                *successes += 1;
                let closes = *successes >= settings.probes;
                closes.then(|| self.change(Phase::closed(), "the probes succeeded".to_owned()))
            }
        }
    }

    fn change(&mut self, to: Phase, why: String) -> Change {
        let from = std::mem::replace(&mut self.phase, to).state();
        self.generation += 1;
        Change { from, to: self.phase.state(), why }
    }
}

impl Settings {
    fn why_open(&self, consecutive: u32, window: &Window) -> Option<String> {
        let limit = self.consecutive.or(if self.rate.is_none() { Some(5) } else { None });
        if limit.is_some_and(|limit| consecutive >= limit) {
            return Some(format!("{consecutive} consecutive failures"));
        }
        let Rate { part, window: length, min_calls } = self.rate.as_ref()?;
        let (calls, failures) = window.sums();
        let is_reached = calls >= u64::from(*min_calls) && failures as f64 >= calls as f64 * part;
        is_reached.then(|| format!("{failures} failures of {calls} calls within {length:?}"))
    }
}

impl Phase {
    fn closed() -> Self {
        Self::Closed { consecutive: 0, window: Window::default() }
    }

    fn state(&self) -> BreakerState {
        match self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// An admitted call. When it is dropped, its outcome counts; for a cancelled call that is none.
struct Permit<'a> {
    breaker: &'a Breaker,
    generation: u64,
    on_drop: Outcome,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let Self { breaker, generation, on_drop } = self;
        breaker.step(|machine| ((), machine.settle(&breaker.settings, *generation, *on_drop)));
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, settings, .. } = self;
        f.debug_struct("Breaker").field("name", name).field("state", &self.state()).field("settings", settings).finish()
    }
}
