//! [`Operation`]: a named piece of work that is logged, timed and identified.

use std::any::{Any, type_name};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use service_core::record;
use tokio::task::futures::TaskLocalFuture;
use tracing::Instrument;
use tracing::instrument::Instrumented;

use crate::caught::{Caught, caught_now, caught_payload, error_text, text};
use crate::operation_event::{OperationEvent, OperationOutcome};
use crate::operation_scope::{CURRENT, Metadata, OperationScope};
use crate::pin_project::pin_project;

type OnEnd = Arc<dyn Fn(&OperationEvent) + Send + Sync>;

/// A named piece of work, such as the import of a file, that is logged, timed and identified.
///
/// An operation has a unique id. When it begins and when it ends, it writes a record with [`record!`](service_core::record): the
/// domain is `operation` or the [`domain`](Self::domain) of the operation, the action is its name, and the status of the second
/// record is
///
/// | the work | status | level | fields beside `elapsed`, in seconds, and `metadata` |
/// |---|---|---|---|
/// | returned a value | `success` | `INFO` | |
/// | returned an error | `error` | `ERROR` | `operation`, `error`, `error_type` |
/// | panicked | `error` | `ERROR` | `operation`, `error`, and `panic` as `error_type` |
/// | was dropped before its end | `cancelled` | `WARN` | |
///
/// The error is returned and the panic goes on, so an operation changes nothing but the logs. There is exactly one second record,
/// except if the process ends or aborts first.
///
/// The work runs in a `tracing` span with the fields `domain`, `operation`, `operation_id` and `parent_id`. What the work logs
/// itself belongs to this span, so there is no other logger to pass on. An operation that begins inside of another one has the id of
/// that one as its parent. This holds across awaits, in the tasks of [`OperationScope::spawn`] and of a `TaskGroup`, and inside of
/// [`OperationScope::scope`], but not in other tasks that the work spawns.
///
/// ```
/// use service_toolkit::Operation;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let imported = Operation::new("import").domain("orders").run(|operation| async move {
///     operation.add_metadata("file", "orders.csv");
///     let orders: u32 = "3".parse()?; // an error is logged, with its type, and returned
///     operation.success("orders", orders);
///     Ok::<_, std::num::ParseIntError>(orders)
/// });
/// assert_eq!(imported.await, Ok(3));
/// # }
/// ```
#[must_use = "an operation does nothing until it is run"]
pub struct Operation {
    name: Cow<'static, str>,
    domain: Cow<'static, str>,
    metadata: Metadata,
    on_end: Vec<OnEnd>,
}

impl Operation {
    /// An operation with this name, for example `import`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), domain: "operation".into(), metadata: Metadata::default(), on_end: Vec::new() }
    }

    /// Sets the domain of the records: the part of the program that does the work.
    ///
    /// ```
    /// let operation = service_toolkit::Operation::new("import").domain("orders");
    /// # drop(operation);
    /// ```
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Adds a pair to the metadata, which both records contain. The value of a key that exists already is replaced.
    ///
    /// ```
    /// let operation = service_toolkit::Operation::new("import").metadata("file", "orders.csv");
    /// # drop(operation);
    /// ```
    pub fn metadata(mut self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.metadata.set(key.into(), value.to_string());
        self
    }

    /// Calls this function when the operation has ended, after the record. Several functions are called in order; a panic of one is
    /// logged and has no other effect.
    ///
    /// ```
    /// use service_toolkit::Operation;
    ///
    /// let operation = Operation::new("import").on_end(|event| println!("{} took {:?}", event.name, event.elapsed));
    /// # drop(operation);
    /// ```
    pub fn on_end(mut self, on_end: impl Fn(&OperationEvent) + Send + Sync + 'static) -> Self {
        self.on_end.push(Arc::new(on_end));
        self
    }

    /// Runs work that can fail. The operation begins at the first poll of the returned future.
    ///
    /// ```
    /// use service_toolkit::Operation;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let parsed = Operation::new("parse").run(|_| async { "x".parse::<u8>() });
    /// assert!(parsed.await.is_err());
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the work.
    pub fn run<F, R, T, E>(self, work: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnOnce(OperationScope) -> R,
        R: Future<Output = Result<T, E>>,
        E: fmt::Display,
    {
        self.observe(work, failure)
    }

    /// Runs work that returns no `Result`: it fails only by a panic.
    ///
    /// ```
    /// use service_toolkit::Operation;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let counted = Operation::new("count").run_infallible(|_| async { 3 });
    /// assert_eq!(counted.await, 3);
    /// # }
    /// ```
    pub fn run_infallible<F, R>(self, work: F) -> impl Future<Output = R::Output>
    where
        F: FnOnce(OperationScope) -> R,
        R: Future,
    {
        self.observe(work, |_| None)
    }

    /// Runs work, and asks `failure` whether what it returned is one.
    pub(crate) fn observe<F, R, O>(self, work: F, failure: O) -> Observed<F, R, O>
    where
        F: FnOnce(OperationScope) -> R,
        R: Future,
        O: FnOnce(&R::Output) -> Option<OperationOutcome>,
    {
        Observed { step: Step::Ready { operation: self, work }, failure: Some(failure) }
    }

    fn begin<F, R>(self, work: F) -> (Work<R>, Running)
    where
        F: FnOnce(OperationScope) -> R,
        R: Future,
    {
        let Self { name, domain, metadata, on_end } = self;
        let scope = OperationScope::begin(name, domain, metadata);
        let running = Running { scope: scope.clone(), on_end, outcome: OperationOutcome::Cancelled };
        let (span, handle) = (scope.span().clone(), scope.clone());
        // A panic of the call belongs to the operation as well.
        let call = || caught_payload(|| work(handle));
        let work = span.in_scope(|| CURRENT.sync_scope(scope.clone(), call));
        (CURRENT.scope(scope, work).instrument(span), running)
    }
}

type Work<R> = Instrumented<TaskLocalFuture<OperationScope, Caught<R, Box<dyn Any + Send>>>>;

pin_project! {
    /// A future that runs an operation. A type and not an `async fn`, which would store the work several times.
    pub(crate) struct Observed<F, R, O> {
        #[pin]
        step: Step<F, R>,
        failure: Option<O>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[project_replace = StepOwned]
    enum Step<F, R> {
        Ready { operation: Operation, work: F },
        // The work is dropped before the last record is written.
        Running { #[pin] work: Work<R>, running: Running },
        Ended,
    }
}

impl<F, R, O> Future for Observed<F, R, O>
where
    F: FnOnce(OperationScope) -> R,
    R: Future,
    O: FnOnce(&R::Output) -> Option<OperationOutcome>,
{
    type Output = R::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R::Output> {
        let mut this = self.project();
        if matches!(*this.step, Step::Ready { .. })
            && let StepOwned::Ready { operation, work } = this.step.as_mut().project_replace(Step::Ended)
        {
            let (work, running) = operation.begin(work);
            this.step.set(Step::Running { work, running });
        }
        let StepProjection::Running { work, .. } = this.step.as_mut().project() else {
            panic!("the future of an operation was polled after it had returned");
        };
        // The work is dropped as soon as it is ready, and its drop may panic, too.
        let result = match catch_unwind(AssertUnwindSafe(|| work.poll(cx))) {
            Ok(poll) => ready!(poll),
            Err(payload) => Err(payload),
        };
        let outcome = match &result {
            Ok(value) => this.failure.take().and_then(|failure| failure(value)).unwrap_or(OperationOutcome::Success),
            Err(payload) => OperationOutcome::Panicked(text(&**payload).unwrap_or_default().to_owned()),
        };
        if let StepProjection::Running { running, .. } = this.step.as_mut().project() {
            running.outcome = outcome;
        }
        this.step.set(Step::Ended);
        Poll::Ready(result.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, domain, .. } = self;
        f.debug_struct("Operation").field("name", name).field("domain", domain).finish_non_exhaustive()
    }
}

/// The outcome of work that returned an error.
pub(crate) fn failure<T, E: fmt::Display>(result: &Result<T, E>) -> Option<OperationOutcome> {
    let error = result.as_ref().err()?;
    Some(OperationOutcome::Error { error: error_text(error), error_type: type_name::<E>() })
}

/// Ends an operation when it is dropped, also if that is because the future of the operation is.
struct Running {
    scope: OperationScope,
    on_end: Vec<OnEnd>,
    outcome: OperationOutcome,
}

impl Drop for Running {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, OperationOutcome::Cancelled);
        let event = self.scope.end(outcome);
        for on_end in &self.on_end {
            if let Err(panic) = caught_now(|| on_end(&event)) {
                let (operation, message) = (&*event.name, "a function for the end of the operation panicked");
                record!(domain: "operation", action: "on_end", status: warning, operation, panic, "{message}");
            }
        }
    }
}
