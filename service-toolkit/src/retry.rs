//! [`retry`]: repeats an operation that fails, with pauses between the attempts.
//!
//! The words are those of service-core: an *attempt* is one run of the operation, and the first run is attempt 1. A *retry* is
//! an attempt after the first, so there is one retry fewer than attempts.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use service_core::{Retry, record};
use tokio::time::{Instant, Sleep};

use crate::caught::Shown;
use crate::pin_project::pin_project;

/// How often an operation is attempted, how long the pauses are, and how long all of it may take.
///
/// [`Retry`] of service-core, which a service uses for its `init`, is the exponential policy, and converts into this one. Use
/// `RetryPolicy` if an operation needs another kind of pause, jitter or a limit of the total time.
///
/// ```
/// use std::time::Duration;
/// use service_toolkit::RetryPolicy;
///
/// const POLICY: RetryPolicy = RetryPolicy::linear(4, Duration::from_millis(100), Duration::from_millis(250))
///     .total_time(Duration::from_secs(10));
/// assert_eq!(POLICY.delay_after(1), Some(Duration::from_millis(100)));
/// assert_eq!(POLICY.delay_after(3), Some(Duration::from_millis(250)));
/// assert_eq!(POLICY.delay_after(4), None); // the fourth attempt is the last
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    backoff: Backoff,
    jitter: f64,
    total_time: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Backoff {
    Doubled(Retry),
    Multiplied { attempts: u32, delay: Duration, factor: f64, max_delay: Duration },
    Linear { attempts: u32, delay: Duration, max_delay: Duration },
}

impl RetryPolicy {
    const fn new(backoff: Backoff) -> Self {
        Self { backoff, jitter: 0.0, total_time: None }
    }

    /// The pauses are `delay`, twice that, four times that, and so on up to `max_delay`. Zero attempts are taken as one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::exponential(4, Duration::from_secs(1), Duration::from_secs(60));
    /// assert_eq!(policy.delay_after(3), Some(Duration::from_secs(4)));
    /// ```
    pub const fn exponential(attempts: u32, delay: Duration, max_delay: Duration) -> Self {
        Self::new(Backoff::Doubled(Retry::new(attempts, delay, max_delay)))
    }

    /// Each pause is the one before times `factor`, up to `max_delay`. A factor that is not at least 1 is taken as 1, and zero
    /// attempts are taken as one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::multiplied(4, Duration::from_secs(1), 1.5, Duration::from_secs(60));
    /// assert_eq!(policy.delay_after(2), Some(Duration::from_millis(1500)));
    /// ```
    pub const fn multiplied(attempts: u32, delay: Duration, factor: f64, max_delay: Duration) -> Self {
        Self::new(Backoff::Multiplied { attempts, delay, factor, max_delay })
    }

    /// The pauses are `delay`, twice that, three times that, and so on up to `max_delay`. Zero attempts are taken as one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::linear(4, Duration::from_secs(1), Duration::from_secs(60));
    /// assert_eq!(policy.delay_after(3), Some(Duration::from_secs(3)));
    /// ```
    pub const fn linear(attempts: u32, delay: Duration, max_delay: Duration) -> Self {
        Self::new(Backoff::Linear { attempts, delay, max_delay })
    }

    /// Every pause is `delay`. Zero attempts are taken as one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::fixed(2, Duration::from_secs(1));
    /// assert_eq!((policy.delay_after(1), policy.delay_after(2)), (Some(Duration::from_secs(1)), None));
    /// ```
    pub const fn fixed(attempts: u32, delay: Duration) -> Self {
        Self::exponential(attempts, delay, delay)
    }

    /// Adds a random part of each pause to it: with `0.5`, a pause of 2 s takes from 2 s to 3 s. Use it if several processes
    /// may fail at the same moment. The part is added after `max_delay` is applied. A part that is not positive is taken as 0.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::fixed(3, Duration::from_secs(2)).jitter(0.5);
    /// # let _ = policy;
    /// ```
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    /// Limits the time of all attempts and pauses together. At the limit, the running attempt is cancelled. If a pause would
    /// exceed the limit, it does not begin, and the last error is returned at once.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::fixed(u32::MAX, Duration::from_secs(2)).total_time(Duration::from_secs(60));
    /// # let _ = policy;
    /// ```
    pub const fn total_time(mut self, limit: Duration) -> Self {
        self.total_time = Some(limit);
        self
    }

    /// The pause after the given attempt, without jitter; `None` if the attempt is the last. Attempts count from 1.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::RetryPolicy;
    ///
    /// let policy = RetryPolicy::fixed(2, Duration::from_secs(1));
    /// assert_eq!(policy.delay_after(2), None);
    /// ```
    pub fn delay_after(&self, attempt: u32) -> Option<Duration> {
        match self.backoff {
            Backoff::Doubled(retry) => retry.delay_after(attempt),
            Backoff::Multiplied { attempts, delay, factor, max_delay } => (attempt < attempts).then(|| {
                // `max` also replaces a factor that is not a number.
                let times = factor.max(1.0).powf(f64::from(attempt.saturating_sub(1)));
                scaled(delay, times).min(max_delay)
            }),
            Backoff::Linear { attempts, delay, max_delay } => {
                (attempt < attempts).then(|| delay.saturating_mul(attempt.max(1)).min(max_delay))
            }
        }
    }

    fn pause_after(&self, attempt: u32) -> Option<Duration> {
        let delay = self.delay_after(attempt)?;
        let part = self.jitter.max(0.0);
        if part == 0.0 { Some(delay) } else { Some(delay.saturating_add(scaled(delay, part * fastrand::f64()))) }
    }
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        Self::new(Backoff::Doubled(retry))
    }
}

fn scaled(delay: Duration, times: f64) -> Duration {
    // Zero times infinity is not a number, and a delay of zero stays zero.
    if delay.is_zero() {
        return delay;
    }
    Duration::try_from_secs_f64(delay.as_secs_f64() * times).unwrap_or(Duration::MAX)
}

/// Runs `operation`, and runs it again after a pause each time it returns an error, as the policy determines.
///
/// The returned future has settings: [`when`](Retrying::when) selects the errors that are retried, and
/// [`on_retry`](Retrying::on_retry) is called before each pause. Each failure that is retried is also a `tracing` event. If the
/// future is dropped, the running attempt is dropped with it. A panic of the operation is not caught.
///
/// The idea is that of tower's retry layer and of the crate backon.
///
/// ```
/// use std::time::Duration;
/// use service_core::Retry;
/// use service_toolkit::retry;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut attempts = 0;
/// let answer = retry(Retry::new(5, Duration::from_millis(1), Duration::from_millis(10)), || {
///     attempts += 1;
///     let result = if attempts < 3 { Err("the line is busy") } else { Ok(42) };
///     async move { result }
/// });
/// assert_eq!(answer.await, Ok(42));
/// assert_eq!(attempts, 3);
/// # }
/// ```
///
/// # Errors
/// The future returns a [`RetryError`] with the last error of the operation if the attempts or the time are used up, or if the
/// error is not one that is retried.
pub fn retry<T, E, F, R>(policy: impl Into<RetryPolicy>, operation: F) -> Retrying<E, F, R>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>>,
{
    Retrying {
        policy: policy.into(),
        name: Cow::Borrowed("operation"),
        operation,
        when: |_| true,
        on_retry: |_| (),
        attempt: 0,
        began: None,
        last: None,
        step: Step::Ready,
        timer: None,
    }
}

/// What [`on_retry`](Retrying::on_retry) learns about an attempt that failed and is followed by another.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedAttempt<'a, E> {
    /// The number of the attempt that failed. The first attempt is 1.
    pub attempt: u32,
    /// The error of the attempt.
    pub error: &'a E,
    /// The pause before the next attempt.
    pub pause: Duration,
}

pin_project! {
    /// The future that [`retry`] returns.
    #[must_use = "the operation does not run until the future is awaited"]
    pub struct Retrying<E, F, R, W = fn(&E) -> bool, N = fn(FailedAttempt<'_, E>)> {
        policy: RetryPolicy,
        name: Cow<'static, str>,
        operation: F,
        when: W,
        on_retry: N,
        attempt: u32,
        began: Option<Instant>,
        last: Option<E>,
        #[pin]
        step: Step<R>,
        // The pause, or the limit of the attempt.
        #[pin]
        timer: Option<Sleep>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<R> {
        Ready,
        Running { #[pin] attempt: R },
        Pausing,
        Ended,
    }
}

impl<E, F, R, W, N> Retrying<E, F, R, W, N> {
    /// Names the operation in events and errors, for example `fetching the price list`.
    ///
    /// ```
    /// # use std::{io, time::Duration};
    /// # use service_toolkit::{RetryPolicy, retry};
    /// # async fn fetch() -> io::Result<u8> { Ok(1) }
    /// # async fn example() {
    /// let list = retry(RetryPolicy::fixed(3, Duration::from_secs(1)), fetch).named("fetching the price list").await;
    /// # let _ = list;
    /// # }
    /// ```
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Retries only the errors for which `when` returns `true`. Any other error is returned at once.
    ///
    /// ```
    /// # use std::{io, time::Duration};
    /// # use service_toolkit::{RetryPolicy, retry};
    /// # async fn read() -> io::Result<u8> { Ok(1) }
    /// # async fn example() {
    /// let policy = RetryPolicy::fixed(3, Duration::from_secs(1));
    /// let byte = retry(policy, read).when(|error| error.kind() == io::ErrorKind::Interrupted).await;
    /// # let _ = byte;
    /// # }
    /// ```
    pub fn when<P: FnMut(&E) -> bool>(self, when: P) -> Retrying<E, F, R, P, N> {
        let Self { policy, name, operation, on_retry, attempt, began, last, step, timer, .. } = self;
        Retrying { policy, name, operation, when, on_retry, attempt, began, last, step, timer }
    }

    /// Calls `on_retry` after each attempt that failed and is followed by another, before the pause.
    ///
    /// ```
    /// # use std::{io, time::Duration};
    /// # use service_toolkit::{RetryPolicy, retry};
    /// # async fn read() -> io::Result<u8> { Ok(1) }
    /// # async fn example() {
    /// let policy = RetryPolicy::fixed(3, Duration::from_secs(1));
    /// let byte = retry(policy, read).on_retry(|failed| println!("attempt {}: {}", failed.attempt, failed.error)).await;
    /// # let _ = byte;
    /// # }
    /// ```
    pub fn on_retry<P: FnMut(FailedAttempt<'_, E>)>(self, on_retry: P) -> Retrying<E, F, R, W, P> {
        let Self { policy, name, operation, when, attempt, began, last, step, timer, .. } = self;
        Retrying { policy, name, operation, when, on_retry, attempt, began, last, step, timer }
    }
}

impl<T, E, F, R, W, N> Future for Retrying<E, F, R, W, N>
where
    E: fmt::Display,
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>>,
    W: FnMut(&E) -> bool,
    N: FnMut(FailedAttempt<'_, E>),
{
    type Output = Result<T, RetryError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            let error = match this.step.as_mut().project() {
                StepProjection::Ready => {
                    self.as_mut().begin_attempt();
                    continue;
                }
                StepProjection::Pausing => {
                    if let Some(pause) = this.timer.as_pin_mut() {
                        ready!(pause.poll(cx));
                    }
                    self.as_mut().begin_attempt();
                    continue;
                }
                StepProjection::Running { attempt } => match attempt.poll(cx) {
                    Poll::Ready(Ok(value)) => {
                        this.step.set(Step::Ended);
                        return Poll::Ready(Ok(value));
                    }
                    Poll::Ready(Err(error)) => Some(error),
                    Poll::Pending => match this.timer.as_pin_mut() {
                        Some(limit) => {
                            ready!(limit.poll(cx));
                            None
                        }
                        None => return Poll::Pending,
                    },
                },
                StepProjection::Ended => panic!("the future of `retry` was polled after it had returned"),
            };
            if let Some(reason) = self.as_mut().pause_or_give_up(error) {
                return Poll::Ready(Err(self.give_up(reason)));
            }
        }
    }
}

impl<T, E, F, R, W, N> Retrying<E, F, R, W, N>
where
    E: fmt::Display,
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>>,
    W: FnMut(&E) -> bool,
    N: FnMut(FailedAttempt<'_, E>),
{
    /// How much of the total time is left, if it is limited.
    fn left(&self) -> Option<Duration> {
        self.policy.total_time.map(|limit| limit.saturating_sub(self.elapsed()))
    }

    fn elapsed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    fn begin_attempt(mut self: Pin<&mut Self>) {
        self.as_mut().project().began.get_or_insert_with(Instant::now);
        let left = self.left();
        let mut this = self.project();
        *this.attempt += 1;
        let attempt = (this.operation)();
        this.timer.set(left.map(tokio::time::sleep));
        this.step.set(Step::Running { attempt });
    }

    /// The attempt has failed with this error, or with none at the limit of the total time. Begins the pause before the next one, or
    /// returns why there is none.
    fn pause_or_give_up(self: Pin<&mut Self>, error: Option<E>) -> Option<GaveUp> {
        let left = self.left();
        let mut this = self.project();
        let Some(error) = error else { return Some(GaveUp::TotalTime) };
        let retried = (this.when)(&error);
        let attempt = *this.attempt;
        let reason = match this.policy.pause_after(attempt) {
            _ if !retried => Some(GaveUp::NotRetried),
            None => Some(GaveUp::Attempts),
            Some(pause) if left.is_some_and(|left| pause > left) => Some(GaveUp::TotalTime),
            Some(pause) => {
                record!(domain: "retry", action: "attempt", status: warning,
                    operation = %this.name, attempt, error = %Shown(&error), ?pause, "failed, and is retried");
                (this.on_retry)(FailedAttempt { attempt, error: &error, pause });
                this.timer.set(Some(tokio::time::sleep(pause)));
                this.step.set(Step::Pausing);
                None
            }
        };
        *this.last = Some(error);
        reason
    }

    fn give_up(mut self: Pin<&mut Self>, reason: GaveUp) -> RetryError<E> {
        self.as_mut().project().step.set(Step::Ended);
        let elapsed = self.elapsed();
        let this = self.project();
        let name = std::mem::take(this.name);
        RetryError { name, reason, last: this.last.take(), attempts: *this.attempt, elapsed }
    }
}

impl<E, F, R, W, N> fmt::Debug for Retrying<E, F, R, W, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, policy, attempt, .. } = self;
        f.debug_struct("Retrying").field("name", name).field("policy", policy).field("attempt", attempt).finish()
    }
}

/// Why [`retry`] made no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaveUp {
    /// All attempts of the policy have failed.
    Attempts,
    /// The [total time](RetryPolicy::total_time) has passed, or would pass in the next pause.
    TotalTime,
    /// The error is not one that [`when`](Retrying::when) retries.
    NotRetried,
}

/// The error of [`retry`]. It contains the last error of the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryError<E> {
    name: Cow<'static, str>,
    reason: GaveUp,
    last: Option<E>,
    attempts: u32,
    elapsed: Duration,
}

impl<E> RetryError<E> {
    /// Why there was no further attempt.
    pub fn reason(&self) -> GaveUp {
        self.reason
    }

    /// The last error of the operation; `None` if no attempt ended within the [total time](RetryPolicy::total_time).
    pub fn last(&self) -> Option<&E> {
        self.last.as_ref()
    }

    /// Takes the last error of the operation.
    pub fn into_last(self) -> Option<E> {
        self.last
    }

    /// How many attempts began, including the first.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many attempts began after the first.
    pub fn retries(&self) -> u32 {
        self.attempts.saturating_sub(1)
    }

    /// The time from the begin of the first attempt to the return of this error.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, reason, last, attempts, elapsed } = self;
        let s = if *attempts == 1 { "" } else { "s" };
        write!(f, "{name} failed after {attempts} attempt{s} in {elapsed:?}")?;
        match reason {
            GaveUp::Attempts => {}
            GaveUp::TotalTime => f.write_str(", because its total time allows no further one")?,
            GaveUp::NotRetried => f.write_str(" with an error that is not retried")?,
        }
        match last {
            Some(error) => write!(f, ": {error}"),
            None => f.write_str("; no attempt ended in that time, so allow more time or find out why it hangs"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for RetryError<E> {}
