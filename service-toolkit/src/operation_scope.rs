//! [`OperationScope`]: the operation that runs, as its own work sees it.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::record;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::field::display;
use tracing::{Instrument, Span};

use crate::operation_event::{OperationEvent, OperationId, OperationOutcome};
use crate::spawn::spawn;

tokio::task_local! {
    /// The innermost operation of the task.
    pub(crate) static CURRENT: OperationScope;
}

/// The handle of a running [`Operation`](crate::Operation). Cheap to clone.
///
/// After the end of the operation, what is added is ignored.
#[derive(Clone)]
pub struct OperationScope {
    shared: Arc<Shared>,
}

struct Shared {
    id: OperationId,
    parent: Option<OperationId>,
    name: Cow<'static, str>,
    domain: Cow<'static, str>,
    began: Instant,
    span: Span,
    fields: Mutex<Fields>,
}

#[derive(Default)]
struct Fields {
    metadata: Metadata,
    success: Metadata,
    error: Metadata,
}

impl OperationScope {
    /// The innermost operation in which this code runs.
    ///
    /// ```
    /// use service_toolkit::{Operation, OperationScope};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn read() {
    ///     if let Some(operation) = OperationScope::current() {
    ///         operation.add_metadata("file", "orders.csv");
    ///     }
    /// }
    /// Operation::new("import").run_infallible(|_| read()).await;
    /// assert!(OperationScope::current().is_none());
    /// # }
    /// ```
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    pub(crate) fn begin(name: Cow<'static, str>, domain: Cow<'static, str>, metadata: Metadata) -> Self {
        let (id, parent) = (OperationId::new(), CURRENT.try_with(|current| current.id()).ok());
        let (operation_id, parent_id) = (display(id), parent.map(display));
        let span = tracing::info_span!("operation", domain = &*domain, operation = &*name, operation_id, parent_id);
        span.in_scope(|| {
            let (domain, action, metadata) = (&*domain, &*name, metadata.text());
            record!(domain: domain, action: action, status: started, operation_id, parent_id, metadata, "started");
        });
        let fields = Mutex::new(Fields { metadata, ..Fields::default() });
        Self { shared: Arc::new(Shared { id, parent, name, domain, began: Instant::now(), span, fields }) }
    }

    /// The unique id of the operation.
    pub fn id(&self) -> OperationId {
        self.shared.id
    }

    /// The id of the operation in which this one began.
    pub fn parent(&self) -> Option<OperationId> {
        self.shared.parent
    }

    /// The name of the operation.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The time since the operation began.
    pub fn elapsed(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// The span in which the work runs.
    pub fn span(&self) -> &Span {
        &self.shared.span
    }

    /// Adds a pair to the metadata of the last record. The value of a key that exists already is replaced.
    ///
    /// ```
    /// # fn example(operation: service_toolkit::OperationScope) {
    /// operation.add_metadata("orders", 3);
    /// # }
    /// ```
    pub fn add_metadata(&self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
        let (key, value) = (key.into(), value.to_string());
        self.fields().metadata.set(key, value);
    }

    /// Adds a pair that is part of the metadata only if the operation succeeds.
    ///
    /// ```
    /// # fn example(operation: service_toolkit::OperationScope) {
    /// operation.success("orders", 3);
    /// # }
    /// ```
    pub fn success(&self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
        let (key, value) = (key.into(), value.to_string());
        self.fields().success.set(key, value);
    }

    /// Adds a pair that is part of the metadata only if the operation returns an error or panics.
    ///
    /// ```
    /// # fn example(operation: service_toolkit::OperationScope) {
    /// operation.error("hint", "is the disk full?");
    /// # }
    /// ```
    pub fn error(&self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
        let (key, value) = (key.into(), value.to_string());
        self.fields().error.set(key, value);
    }

    /// Runs a future inside this operation, for example in a task that is spawned by other means.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use service_toolkit::OperationScope;
    /// # async fn upload() {}
    /// # fn example(cx: Context<()>, operation: OperationScope) {
    /// cx.spawn("upload", operation.scope(upload()));
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), future).instrument(self.span().clone())
    }

    /// Starts a task inside this operation and the current registry. The operation does not wait for it.
    ///
    /// ```
    /// # use service_toolkit::OperationScope;
    /// # async fn example(operation: OperationScope) {
    /// let task = operation.spawn(async { OperationScope::current().map(|it| it.id()) });
    /// assert_eq!(task.await.ok().flatten(), Some(operation.id()));
    /// # }
    /// ```
    ///
    /// # Panics
    /// If there is neither a registry nor a tokio runtime.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        spawn(self.scope(future))
    }

    /// Writes the last record.
    pub(crate) fn end(&self, outcome: OperationOutcome) -> OperationEvent {
        let Shared { id, parent, name, domain, began, span, fields: _ } = &*self.shared;
        let (id, parent, began, elapsed) = (*id, *parent, *began, self.elapsed());
        let metadata = std::mem::take(&mut *self.fields()).of(&outcome);
        span.in_scope(|| {
            let (domain, action, metadata) = (&**domain, &**name, metadata.text());
            let (operation_id, parent_id, elapsed) = (display(id), parent.map(display), elapsed.as_secs_f64());
            match &outcome {
                OperationOutcome::Success => record!(
                    domain: domain, action: action, status: success,
                    operation_id, parent_id, elapsed, metadata, "succeeded"
                ),
                OperationOutcome::Cancelled => record!(
                    domain: domain, action: action, status: cancelled,
                    operation_id, parent_id, elapsed, metadata, "cancelled"
                ),
                OperationOutcome::Error { error, error_type } => record!(
                    domain: domain, action: action, status: error,
                    operation_id, parent_id, elapsed, metadata, operation = action, error, error_type, "failed"
                ),
                OperationOutcome::Panicked(error) => record!(
                    domain: domain, action: action, status: error,
                    operation_id, parent_id, elapsed, metadata, operation = action, error, error_type = "panic", "panicked"
                ),
            }
        });
        let (name, domain, metadata) = (name.clone(), domain.clone(), metadata.0);
        OperationEvent { id, parent, name, domain, began, elapsed, outcome, metadata }
    }

    fn fields(&self) -> MutexGuard<'_, Fields> {
        self.shared.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OperationScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { id, name, .. } = &*self.shared;
        f.debug_struct("OperationScope").field("id", id).field("name", name).finish_non_exhaustive()
    }
}

/// Runs a future inside the operation of the caller, if there is one.
#[cfg(feature = "task_group")]
pub(crate) fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let operation = OperationScope::current();
    async move {
        match operation {
            Some(operation) => operation.scope(future).await,
            None => future.await,
        }
    }
}

impl Fields {
    /// The metadata of an operation that has ended like this.
    fn of(self, outcome: &OperationOutcome) -> Metadata {
        let mut metadata = self.metadata;
        let more = match outcome {
            OperationOutcome::Success => self.success,
            OperationOutcome::Error { .. } | OperationOutcome::Panicked(_) => self.error,
            OperationOutcome::Cancelled => Metadata::default(),
        };
        for (key, value) in more.0 {
            metadata.set(key, value);
        }
        metadata
    }
}

/// Pairs with unique keys, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Metadata(Vec<(Cow<'static, str>, String)>);

impl Metadata {
    pub(crate) fn set(&mut self, key: Cow<'static, str>, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// The pairs as one field: the names of `tracing` fields are known at compile time, and these are not.
    fn text(&self) -> Option<String> {
        let mut text = String::new();
        for (key, value) in &self.0 {
            let space = if text.is_empty() { "" } else { " " };
            let is_plain = !value.is_empty() && value.chars().all(|it| it.is_ascii_graphic() && it != '"' && it != '=');
            // Writing to a string does not fail.
            let _ =
                if is_plain { write!(text, "{space}{key}={value}") } else { write!(text, "{space}{key}={value:?}") };
        }
        (!text.is_empty()).then_some(text)
    }
}
