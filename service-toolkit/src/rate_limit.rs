//! [`RateLimit`]: a token bucket on tokio's clock.
//!
//! The bucket is one number: when it will be full again. Each call moves this moment by the time that one token takes, so no
//! timer fills the bucket. This is the generic cell rate algorithm (GCRA).

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// About 68 years, which no process reaches. The time that a bucket of any size takes to fill is a `Duration` then.
const LONGEST_INTERVAL: Duration = Duration::from_secs(u64::MAX / (2 * u32::MAX as u64));

/// Limits how many calls begin in a period, with a token bucket.
///
/// Each call takes a token. The bucket holds as many tokens as the period allows, or as [`burst`](Self::burst) sets, and is full
/// at first. Tokens return evenly. Waiting calls are served in the order in which they came, and a cancelled one takes no token.
/// A future that was polled and is kept holds up those behind it: poll it again or drop it.
///
/// ```
/// use std::time::Duration;
/// use service_toolkit::RateLimit;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let github = RateLimit::new("github", 2, Duration::from_secs(60));
/// assert_eq!(github.call(async { 1 }).await, 1);
/// assert!(github.try_acquire().is_ok());
/// assert!(github.try_acquire().is_err()); // the next token comes after 30 s
/// # }
/// ```
pub struct RateLimit {
    name: Cow<'static, str>,
    calls: u32,
    period: Duration,
    burst: u32,
    /// The time that one token takes.
    interval: Duration,
    began: Instant,
    /// When the bucket is full, as the time from `began`: an `Instant` could overflow.
    full_at: Mutex<Duration>,
    /// The waiting calls. The first holds the lock while it sleeps.
    turn: tokio::sync::Mutex<()>,
}

impl RateLimit {
    /// Allows this many calls in each period. Zero calls are taken as one; a period of zero means that there is no limit. The
    /// name is that of the dependency.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RateLimit;
    ///
    /// let github = RateLimit::new("github", 5000, Duration::from_secs(3600));
    /// # let _ = github;
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>, calls: u32, period: Duration) -> Self {
        let calls = calls.max(1);
        // Rounded up, so that the calls of a period are never more.
        let nanos = period.as_nanos().div_ceil(u128::from(calls));
        let interval = u64::try_from(nanos).map_or(period / calls, Duration::from_nanos).min(LONGEST_INTERVAL);
        let (began, full_at) = (Instant::now(), Mutex::new(Duration::ZERO));
        let turn = tokio::sync::Mutex::new(());
        Self { name: name.into(), calls, period, burst: calls, interval, began, full_at, turn }
    }

    /// Lets up to this many calls begin at the same moment after a time without calls; by default as many as in a period. With
    /// `1`, calls are spaced evenly. Zero is taken as one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RateLimit;
    ///
    /// let github = RateLimit::new("github", 5000, Duration::from_secs(3600)).burst(10);
    /// # let _ = github;
    /// ```
    pub fn burst(mut self, calls: u32) -> Self {
        self.burst = calls.max(1);
        self
    }

    /// Waits for a token, and runs the call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RateLimit;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let github = RateLimit::new("github", 5000, Duration::from_secs(3600));
    /// assert_eq!(github.call(async { 42 }).await, 42);
    /// # }
    /// ```
    pub async fn call<F: Future>(&self, future: F) -> F::Output {
        self.acquire().await;
        future.await
    }

    /// Waits for a token and takes it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RateLimit;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let github = RateLimit::new("github", 5000, Duration::from_secs(3600));
    /// github.acquire().await;
    /// # }
    /// ```
    pub async fn acquire(&self) {
        let _turn = self.turn.lock().await;
        while let Err(wait) = self.take() {
            // A token is taken only after the sleep, so a caller that is cancelled in it has taken none.
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token if there is one and no call waits for it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RateLimit;
    ///
    /// let github = RateLimit::new("github", 1, Duration::from_secs(3600));
    /// assert!(github.try_acquire().is_ok());
    /// let refused = github.try_acquire().unwrap_err();
    /// println!("call again in {:?}", refused.retry_after);
    /// ```
    ///
    /// # Errors
    /// If there is no token. The error says when the next one comes.
    pub fn try_acquire(&self) -> Result<(), RateLimited> {
        let taken = match self.turn.try_lock() {
            Ok(_turn) => self.take(),
            Err(_) => Err(self.wait(*self.full_at()).saturating_add(self.interval)),
        };
        let Self { name, calls, period, .. } = self;
        taken.map_err(|retry_after| RateLimited { name: name.clone(), calls: *calls, period: *period, retry_after })
    }

    fn take(&self) -> Result<(), Duration> {
        let mut full_at = self.full_at();
        let wait = self.wait(*full_at);
        if !wait.is_zero() {
            return Err(wait);
        }
        *full_at = (*full_at).max(self.began.elapsed()).saturating_add(self.interval);
        Ok(())
    }

    /// The time until there is a token.
    fn wait(&self, full_at: Duration) -> Duration {
        let refill = full_at.saturating_sub(self.began.elapsed());
        refill.saturating_sub(self.interval.saturating_mul(self.burst - 1))
    }

    fn full_at(&self) -> MutexGuard<'_, Duration> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, calls, period, burst, .. } = self;
        f.debug_struct("RateLimit")
            .field("name", name)
            .field("calls", calls)
            .field("period", period)
            .field("burst", burst)
            .finish_non_exhaustive()
    }
}

/// The error of [`RateLimit::try_acquire`]: there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimited {
    /// The name of the limit.
    pub name: Cow<'static, str>,
    /// How many calls a period allows.
    pub calls: u32,
    /// The period.
    pub period: Duration,
    /// The earliest time after which a call may succeed.
    pub retry_after: Duration,
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, calls, period, retry_after } = self;
        let s = if *calls == 1 { "" } else { "s" };
        write!(f, "the rate limit {name} of {calls} call{s} per {period:?} is reached; call again in {retry_after:?}")
    }
}

impl std::error::Error for RateLimited {}
