use std::sync::{Arc, Mutex, PoisonError};

/// Records what happens to a scope: that its body was entered, how the body ended, and that the cleanup ran.
///
/// The test wraps the body of the scope in [`body`](Self::body) or [`try_body`](Self::try_body), and gives the scope a
/// [`cleanup`](Self::cleanup) or a [`guard`](Self::guard) to release. The steps then show that the cleanup ran, and that it ran after
/// the body, however the body ended. Clones share the record.
///
/// ```
/// use service_toolkit::testing::ContextStep::{CleanedUp, Entered, Failed};
/// use service_toolkit::testing::ContextTester;
///
/// async fn scope<T>(body: impl Future<Output = T>, cleanup: impl Future<Output = ()>) -> T {
///     let value = body.await;
///     cleanup.await;
///     value
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tester = ContextTester::new();
/// let body = tester.try_body(async { Err::<(), _>("the disk is full") });
/// assert!(scope(body, tester.cleanup()).await.is_err());
/// assert_eq!(tester.steps(), [Entered, Failed, CleanedUp]);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContextTester {
    steps: Arc<Mutex<Vec<ContextStep>>>,
}

/// A step in the record of a [`ContextTester`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextStep {
    /// The body began.
    Entered,
    /// The body returned.
    Returned,
    /// The body returned an error.
    Failed,
    /// The body panicked.
    Panicked,
    /// The body was dropped before its end.
    Cancelled,
    /// The cleanup ran to its end.
    CleanedUp,
}

impl ContextTester {
    /// Makes an empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The body of the scope. Records [`Entered`](ContextStep::Entered) when it begins and how it ends.
    pub async fn body<F: Future>(&self, body: F) -> F::Output {
        let mut exit = self.enter();
        let output = body.await;
        exit.how = ContextStep::Returned;
        output
    }

    /// As [`body`](Self::body), for a body that may return an error.
    pub async fn try_body<T, E>(&self, body: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut exit = self.enter();
        let result = body.await;
        exit.how = if result.is_ok() { ContextStep::Returned } else { ContextStep::Failed };
        result
    }

    /// An async cleanup for the scope, which records that it ran. A cleanup that is dropped unfinished records nothing.
    pub fn cleanup(&self) -> impl Future<Output = ()> + Send + use<> {
        let tester = self.clone();
        async move { tester.record(ContextStep::CleanedUp) }
    }

    /// A value for the scope, whose drop is the cleanup.
    #[must_use]
    pub fn guard(&self) -> CleanupGuard {
        CleanupGuard { tester: self.clone() }
    }

    /// All steps so far, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<ContextStep> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a body has begun.
    #[must_use]
    pub fn entered(&self) -> bool {
        self.steps().contains(&ContextStep::Entered)
    }

    /// Whether every body that began has ended, in whatever way.
    #[must_use]
    pub fn exited(&self) -> bool {
        let steps = self.steps();
        let entered = steps.iter().filter(|step| **step == ContextStep::Entered).count();
        let ended = steps.iter().filter(|step| !matches!(step, ContextStep::Entered | ContextStep::CleanedUp)).count();
        entered > 0 && entered == ended
    }

    /// Whether the cleanup has run as often as a body has begun, at least once.
    #[must_use]
    pub fn cleaned_up(&self) -> bool {
        let steps = self.steps();
        let count = |wanted| steps.iter().filter(|step| **step == wanted).count();
        count(ContextStep::CleanedUp) > 0 && count(ContextStep::CleanedUp) == count(ContextStep::Entered)
    }

    fn enter(&self) -> Exit<'_> {
        self.record(ContextStep::Entered);
        Exit { tester: self, how: ContextStep::Cancelled }
    }

    fn record(&self, step: ContextStep) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }
}

/// Records the end of a body when it is dropped.
struct Exit<'a> {
    tester: &'a ContextTester,
    how: ContextStep,
}

impl Drop for Exit<'_> {
    fn drop(&mut self) {
        let panicked = self.how == ContextStep::Cancelled && std::thread::panicking();
        self.tester.record(if panicked { ContextStep::Panicked } else { self.how });
    }
}

/// Records a cleanup when it is dropped. Made by [`ContextTester::guard`].
#[derive(Debug)]
pub struct CleanupGuard {
    tester: ContextTester,
}

impl Drop for CleanupGuard {
    fn drop(&mut self) {
        self.tester.record(ContextStep::CleanedUp);
    }
}
