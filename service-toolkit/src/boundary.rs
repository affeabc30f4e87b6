//! [`Boundary`]: an error boundary. Errors and panics of an operation end at it: they are retried, logged and replaced by a
//! fallback, as configured.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use service_core::error::BoxError;
use service_core::record;

use crate::caught::{caught, caught_call, caught_now, error_text};
use crate::mapped::mapped;
use crate::retry::{RetryPolicy, retry};

type OnError<T, E> = Arc<dyn Fn(&BoundaryError<E>) -> T + Send + Sync>;

/// An error boundary around an operation that returns `Result<T, E>`.
///
/// An error or a panic of the operation is first retried, if the boundary has [`retries`](Self::retries). Then it is logged with
/// the fields `operation`, `error` and `error_type`: as a warning if a [`fallback`](Self::fallback) replaces it, and otherwise as
/// an error, which is also returned. An error that is not [`recoverable`](Self::recoverable) is neither retried nor replaced.
///
/// A boundary is cheap to clone and can be a field of a service. Use [`run`](Self::run) for an operation that can be repeated,
/// [`scope`](Self::scope) for a block of code, and [`handle`](Self::handle) for a result. If the future of one is dropped, the
/// operation is cancelled, and nothing is logged. The idea is that of the error boundaries of React.
///
/// ```
/// use service_toolkit::Boundary;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let prices = Boundary::new("fetching the prices").retries(2).fallback(vec![0]);
/// let fetched = prices.run(|| async { Err::<Vec<u32>, _>("no connection") }).await;
/// assert_eq!(fetched, Ok(vec![0]));
/// # }
/// ```
pub struct Boundary<T, E = BoxError> {
    name: Cow<'static, str>,
    policy: RetryPolicy,
    recoverable: OnError<bool, E>,
    fallback: Option<OnError<T, E>>,
}

impl<T, E: fmt::Display> Boundary<T, E> {
    /// A boundary that logs and returns each error. The name is that of the operation, for example `fetching the prices`.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// let boundary = Boundary::<u32>::new("reading the counter");
    /// assert!(boundary.handle(Err("no such file".into())).is_err());
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let policy = RetryPolicy::fixed(1, Duration::ZERO);
        Self { name: name.into(), policy, recoverable: Arc::new(|_| true), fallback: None }
    }

    /// Repeats the operation up to this many times after the first attempt, without pauses. A panic is repeated, too.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// let boundary = Boundary::<u32>::new("reading the counter").retries(2); // three attempts
    /// # let _ = boundary;
    /// ```
    pub fn retries(self, retries: u32) -> Self {
        self.retry(RetryPolicy::fixed(retries.saturating_add(1), Duration::ZERO))
    }

    /// Repeats the operation as this policy determines.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Retry;
    /// use service_toolkit::Boundary;
    ///
    /// let policy = Retry::new(3, Duration::from_millis(100), Duration::from_secs(1));
    /// let boundary = Boundary::<u32>::new("reading the counter").retry(policy);
    /// # let _ = boundary;
    /// ```
    pub fn retry(mut self, policy: impl Into<RetryPolicy>) -> Self {
        self.policy = policy.into();
        self
    }

    /// Returns a clone of this value instead of an error.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// let boundary = Boundary::new("reading the port").fallback(80);
    /// assert_eq!(boundary.handle("none".parse::<u16>()), Ok(80));
    /// ```
    pub fn fallback(self, value: T) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        self.fallback_with(move |_| value.clone())
    }

    /// Returns the value of this function instead of an error. If the function panics, the error is returned.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// let boundary = Boundary::<String>::new("greeting").fallback_with(|error| format!("sorry: {error}"));
    /// # let _ = boundary;
    /// ```
    pub fn fallback_with(mut self, fallback: impl Fn(&BoundaryError<E>) -> T + Send + Sync + 'static) -> Self {
        self.fallback = Some(Arc::new(fallback));
        self
    }

    /// Retries and replaces only the errors for which `recoverable` returns `true`. If it panics, the error is not recoverable.
    ///
    /// ```
    /// use std::io;
    /// use service_toolkit::Boundary;
    /// use service_toolkit::boundary::BoundaryError;
    ///
    /// let boundary = Boundary::<String, io::Error>::new("reading the greeting")
    ///     .fallback("hello".to_owned())
    ///     .recoverable(|error| matches!(error, BoundaryError::Failed(error) if error.kind() == io::ErrorKind::NotFound));
    /// # let _ = boundary;
    /// ```
    pub fn recoverable(mut self, recoverable: impl Fn(&BoundaryError<E>) -> bool + Send + Sync + 'static) -> Self {
        self.recoverable = Arc::new(recoverable);
        self
    }

    /// Runs an operation inside the boundary, with retries.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let boundary = Boundary::new("greeting").retries(1).fallback("hello");
    /// let greeting = boundary.run(|| async { Err::<&str, _>("no translation") });
    /// assert_eq!(greeting.await, Ok("hello"));
    /// # }
    /// ```
    ///
    /// # Errors
    /// The last error of the operation, if no fallback replaces it.
    pub async fn run<F, R>(&self, operation: F) -> Result<T, BoundaryError<E>>
    where
        F: FnMut() -> R,
        R: Future<Output = Result<T, E>>,
    {
        let result = attempted(&self.name, self.policy, operation, |error| self.is_recoverable(error)).await;
        self.recover(result)
    }

    /// Runs a block of code inside the boundary, once: a block cannot be repeated, so the retries of the boundary do not apply.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let port = Boundary::new("reading the port").fallback(80);
    /// let port = port.scope(async {
    ///     let text = "none";
    ///     Ok::<u16, std::num::ParseIntError>(text.parse::<u16>()?)
    /// });
    /// assert_eq!(port.await, Ok(80));
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the block, if no fallback replaces it.
    pub fn scope(
        &self,
        block: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, BoundaryError<E>>> {
        mapped(attempted_once(block), |result| self.recover(result))
    }

    /// Logs the error of a result, and replaces it by the fallback.
    ///
    /// ```
    /// use service_toolkit::Boundary;
    ///
    /// let boundary = Boundary::new("reading the port").fallback(80);
    /// assert_eq!(boundary.handle("8080".parse::<u16>()), Ok(8080));
    /// ```
    ///
    /// # Errors
    /// The error of the result, if no fallback replaces it.
    pub fn handle(&self, result: Result<T, E>) -> Result<T, BoundaryError<E>> {
        self.recover(result.map_err(|error| (1, BoundaryError::Failed(error))))
    }

    fn is_recoverable(&self, error: &BoundaryError<E>) -> bool {
        caught_now(|| (self.recoverable)(error)).unwrap_or(false)
    }

    fn recover(&self, result: Result<T, (u32, BoundaryError<E>)>) -> Result<T, BoundaryError<E>> {
        let fallback = self.fallback.as_ref().map(|fallback| |error: &BoundaryError<E>| fallback(error));
        recovered(&self.name, result, |error| self.is_recoverable(error), fallback)
    }
}

/// Runs an operation as the policy determines. The error has the number of attempts.
pub(crate) async fn attempted<T, E: fmt::Display, R: Future<Output = Result<T, E>>>(
    name: &str,
    policy: RetryPolicy,
    mut operation: impl FnMut() -> R,
    is_recoverable: impl Fn(&BoundaryError<E>) -> bool,
) -> Result<T, (u32, BoundaryError<E>)> {
    // A panic of the call is caught as well.
    let attempts = retry(policy, || mapped(caught_call(&mut operation), flat));
    attempts.named(name.to_owned()).when(is_recoverable).await.map_err(|error| {
        let (attempts, elapsed) = (error.attempts(), error.elapsed());
        (attempts, error.into_last().unwrap_or(BoundaryError::TimedOut(elapsed)))
    })
}

/// Runs an operation once.
pub(crate) fn attempted_once<T, E, F: Future<Output = Result<T, E>>>(
    operation: F,
) -> impl Future<Output = Result<T, (u32, BoundaryError<E>)>> + use<T, E, F> {
    mapped(caught(operation), |result| flat(result).map_err(|error| (1, error)))
}

/// Logs the error of a result, and replaces it by the fallback.
pub(crate) fn recovered<T, E: fmt::Display>(
    operation: &str,
    result: Result<T, (u32, BoundaryError<E>)>,
    is_recoverable: impl FnOnce(&BoundaryError<E>) -> bool,
    fallback: Option<impl FnOnce(&BoundaryError<E>) -> T>,
) -> Result<T, BoundaryError<E>> {
    let (attempts, error) = match result {
        Ok(value) => return Ok(value),
        Err(failed) => failed,
    };
    let (error_type, text) = (error.error_type(), error_text(&error));
    let fallback = fallback.filter(|_| is_recoverable(&error));
    match fallback.map(|fallback| caught_now(|| fallback(&error))) {
        Some(Ok(value)) => {
            record!(domain: "boundary", action: "run", status: warning,
                operation, error = %text, error_type, attempts, "failed, and the fallback is used");
            return Ok(value);
        }
        Some(Err(panic)) => {
            record!(domain: "boundary", action: "fallback", status: error,
                operation, panic, "the fallback panicked, so the error is returned");
        }
        None => {}
    }
    record!(domain: "boundary", action: "run", status: error, operation, error = %text, error_type, attempts, "failed");
    Err(error)
}

fn flat<T, E>(result: Result<Result<T, E>, String>) -> Result<T, BoundaryError<E>> {
    match result {
        Ok(result) => result.map_err(BoundaryError::Failed),
        Err(panic) => Err(BoundaryError::Panicked(panic)),
    }
}

impl<T, E> Clone for Boundary<T, E> {
    fn clone(&self) -> Self {
        let Self { name, policy, recoverable, fallback } = self;
        Self { name: name.clone(), policy: *policy, recoverable: recoverable.clone(), fallback: fallback.clone() }
    }
}

impl<T, E> fmt::Debug for Boundary<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, policy, fallback, .. } = self;
        let fallback = fallback.is_some();
        f.debug_struct("Boundary").field("name", name).field("policy", policy).field("fallback", &fallback).finish()
    }
}

/// What a [`Boundary`] has caught.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundaryError<E = BoxError> {
    /// The operation returned this error.
    Failed(E),
    /// The operation panicked, with this message.
    Panicked(String),
    /// No attempt of the operation ended within the [total time](RetryPolicy::total_time), which was this long.
    TimedOut(Duration),
}

impl<E> BoundaryError<E> {
    /// The type of the error, for logs: its Rust path, `panic` or `timeout`.
    ///
    /// ```
    /// use service_toolkit::boundary::BoundaryError;
    ///
    /// assert_eq!(BoundaryError::<std::io::Error>::Panicked("no".to_owned()).error_type(), "panic");
    /// ```
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Failed(_) => type_name::<E>(),
            Self::Panicked(_) => "panic",
            Self::TimedOut(_) => "timeout",
        }
    }
}

impl<E: fmt::Display> fmt::Display for BoundaryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::TimedOut(time) => write!(f, "no attempt ended within {time:?}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for BoundaryError<E> {}
