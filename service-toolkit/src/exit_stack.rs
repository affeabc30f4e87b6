//! [`ExitStack`]: cleanups that run in reverse order, also after an error and after a cancel.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use service_core::{Context, TaskOutput, record};
use tokio::sync::oneshot;

use crate::caught::caught;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A cleanup with its name.
type Cleanup = (Arc<str>, Work<Result<(), String>>);

/// Cleanups of resources that a piece of work acquires one after the other. They run in reverse order: Python's `AsyncExitStack`, or Go's
/// `defer` for asynchronous code.
///
/// An error or a panic of a cleanup does not stop the others. One that hangs does, because they run one after the other: put a
/// [`timeout`](tokio::time::timeout) into a cleanup that may hang.
///
/// - [`close`](Self::close) runs them and returns what failed.
/// - [`scope`](Self::scope) runs them after a piece of work, also if the work failed.
/// - [`keep`](Self::keep) hands them to the service, which runs them when it has stopped.
/// - If the stack is dropped, because of `?`, a panic or a cancel, they run in a background task of the service, which the shutdown waits
///   for. What fails there is logged.
///
/// Except for `keep`, the cleanups run in a task of the service, so a caller that is cancelled while it closes the stack interrupts none of
/// them. The drain budget of the service limits them; it is logged which of them it cut off. If the service has stopped already, they run
/// in a task that nothing waits for, and without a runtime they cannot run, which is logged as an error.
///
/// ```
/// use service_core::{Context, Lifecycle, Registry, Result, service};
/// use service_toolkit::ExitStack;
/// use service_toolkit::exit_stack::ExitError;
///
/// struct Connection(&'static str);
///
/// impl Connection {
///     async fn close(&self) {
///         println!("{} closed", self.0);
///     }
/// }
///
/// #[service]
/// struct Import {
///     cx: Context<Import>,
/// }
///
/// impl Lifecycle for Import {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         Ok(Self { cx: cx.clone() })
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     let registry = Registry::boot().await?;
///     let import = registry.get::<Import>()?;
///     let rows = ExitStack::scope(&import.cx, "import", async |stack| {
///         let from = stack.manage("from", Connection("from"), |it| async move { it.close().await });
///         let to = stack.manage("to", Connection("to"), |it| async move { it.close().await });
///         Ok::<_, ExitError>(from.0.len() + to.0.len())
///     })
///     .await?; // closes `to`, then `from`
///     assert_eq!(rows, 6);
///     registry.shutdown().await?;
///     Ok(())
/// }
/// ```
#[must_use = "a stack that is dropped runs its cleanups in the background immediately"]
pub struct ExitStack {
    rest: Rest,
    owner: Box<dyn Owner>,
}

impl ExitStack {
    /// Makes an empty stack. The name is that of the task in which the cleanups run.
    ///
    /// ```
    /// # use service_core::Context;
    /// use service_toolkit::ExitStack;
    ///
    /// # fn example<S: 'static>(cx: &Context<S>) {
    /// let stack = ExitStack::new(cx, "import");
    /// assert!(stack.is_empty());
    /// # }
    /// ```
    pub fn new<S: 'static>(cx: &Context<S>, name: impl Into<Arc<str>>) -> Self {
        Self { rest: Rest { name: name.into(), cleanups: Vec::new() }, owner: Box::new(cx.clone()) }
    }

    /// Runs a piece of work with an empty stack, and then closes the stack.
    ///
    /// ```
    /// # use service_core::Context;
    /// use service_toolkit::ExitStack;
    ///
    /// # async fn example<S: 'static>(cx: &Context<S>) -> service_core::Result<()> {
    /// ExitStack::scope(cx, "import", async |stack| {
    ///     stack.push("temporary directory", async { std::fs::remove_dir_all("/tmp/import") });
    ///     service_core::Result::Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the work, and otherwise the error of the cleanups. If both fail, the error of the cleanups is logged.
    pub async fn scope<S, T, E>(
        cx: &Context<S>,
        name: impl Into<Arc<str>>,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        S: 'static,
        E: From<ExitError>,
    {
        let mut stack = Self::new(cx, name);
        let result = work(&mut stack).await;
        let name = stack.rest.name.clone();
        match (result, stack.close().await) {
            (result, Ok(())) => result,
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(error), Err(cleanups)) => {
                log(&name, &cleanups);
                Err(error)
            }
        }
    }

    /// Adds a cleanup, which runs before those that were added earlier. Its name is part of the error if it fails.
    ///
    /// ```
    /// # async fn example(stack: &mut service_toolkit::ExitStack) {
    /// stack.push("lock file", async { std::fs::remove_file("import.lock") });
    /// # }
    /// ```
    pub fn push(&mut self, name: impl Into<Arc<str>>, cleanup: impl Future<Output: TaskOutput> + Send + 'static) {
        // The text of the error is made here, because it runs code of the user that may panic.
        let cleanup = async move { cleanup.await.into_result().map_err(|error| error.to_string()) };
        self.rest.cleanups.push((name.into(), Box::pin(cleanup)));
    }

    /// Takes a resource and the function that closes it, and returns the resource for use.
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     async fn close(&self) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// # async fn example(stack: &mut service_toolkit::ExitStack, connection: Connection) {
    /// let connection = stack.manage("connection", connection, |it| async move { it.close().await });
    /// # }
    /// ```
    pub fn manage<T, F, C>(&mut self, name: impl Into<Arc<str>>, resource: T, close: F) -> Arc<T>
    where
        T: Send + Sync + 'static,
        F: FnOnce(Arc<T>) -> C + Send + 'static,
        C: Future<Output: TaskOutput> + Send + 'static,
    {
        let resource = Arc::new(resource);
        let closes = resource.clone();
        self.push(name, async move { close(closes).await });
        resource
    }

    /// The number of cleanups.
    ///
    /// ```
    /// # async fn example(stack: &mut service_toolkit::ExitStack) {
    /// stack.push("nothing", async {});
    /// println!("{} cleanups", stack.len());
    /// # }
    /// ```
    pub fn len(&self) -> usize {
        self.rest.cleanups.len()
    }

    /// Whether there is no cleanup.
    ///
    /// ```
    /// # fn example(stack: &service_toolkit::ExitStack) {
    /// assert!(stack.is_empty());
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs the cleanups in reverse order. If this future is dropped, they go on in the background, and what fails is logged.
    ///
    /// ```
    /// # async fn example(stack: service_toolkit::ExitStack) {
    /// if let Err(error) = stack.close().await {
    ///     println!("{error}"); // 1 of 3 cleanups failed: lock file: permission denied
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// The cleanups that failed, panicked, or were aborted by the end of the drain budget of the service.
    pub async fn close(mut self) -> Result<(), ExitError> {
        let total = self.len();
        if total == 0 {
            return Ok(());
        }
        let (caller, result) = oneshot::channel();
        let offer = Offer::new(self.rest.take(), Some(caller));
        if !offer.spawn(&*self.owner) {
            offer.detach(&*self.owner);
        }
        drop(offer);
        result.await.unwrap_or_else(|_| {
            let aborted = ("the stack".into(), "it was aborted before its cleanups had ended".into());
            Err(ExitError { failures: vec![aborted], total })
        })
    }

    /// Hands the cleanups to the service. It runs them in reverse order when it has stopped, after its tasks have ended, or if its start
    /// fails. A cleanup that fails is part of the shutdown report. Use it at the end of an `init`.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// use service_toolkit::ExitStack;
    ///
    /// #[service(lazy)]
    /// struct Import;
    ///
    /// impl Lifecycle for Import {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         let mut resources = ExitStack::new(cx, "resources");
    ///         resources.push("lock file", async { std::fs::remove_file("import.lock") });
    ///         std::fs::write("import.lock", "")?; // if it fails, the stack is dropped, and what was acquired is cleaned up
    ///         resources.keep();
    ///         Ok(Self)
    ///     }
    /// }
    /// ```
    pub fn keep(mut self) {
        let offer = Offer::new(self.rest.take(), None);
        if !offer.defer(&*self.owner) {
            offer.detach(&*self.owner);
        }
    }
}

impl Drop for ExitStack {
    fn drop(&mut self) {
        if self.is_empty() {
            return;
        }
        let offer = Offer::new(self.rest.take(), None);
        if !offer.spawn(&*self.owner) && !offer.defer(&*self.owner) {
            offer.detach(&*self.owner);
        }
    }
}

impl fmt::Debug for ExitStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.rest.cleanups.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_struct("ExitStack").field("name", &self.rest.name).field("cleanups", &names).finish_non_exhaustive()
    }
}

/// The cleanups of an [`ExitStack`] that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitError {
    failures: Vec<(Arc<str>, String)>,
    total: usize,
}

impl ExitError {
    /// The name and the error of each cleanup that failed, in the order in which they ran.
    ///
    /// ```
    /// # fn example(error: service_toolkit::exit_stack::ExitError) {
    /// for (cleanup, error) in error.failures() {
    ///     println!("{cleanup}: {error}");
    /// }
    /// # }
    /// ```
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.failures.iter().map(|(name, error)| (&**name, error.as_str()))
    }
}

impl fmt::Display for ExitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cleanups failed", self.failures.len(), self.total)?;
        for (number, (name, error)) in self.failures.iter().enumerate() {
            write!(f, "{} {name}: {error}", if number == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl Error for ExitError {}

fn log(stack: &str, error: &ExitError) {
    for (cleanup, error) in error.failures() {
        record!(domain: "exit_stack", action: "close", status: warning, exit_stack = stack, cleanup, error, "a cleanup failed");
    }
}

/// Cleanups that have not run. If they are dropped, this is logged.
struct Rest {
    name: Arc<str>,
    cleanups: Vec<Cleanup>,
}

impl Rest {
    fn take(&mut self) -> Self {
        Self { name: self.name.clone(), cleanups: std::mem::take(&mut self.cleanups) }
    }

    async fn run(mut self) -> Result<(), ExitError> {
        let (mut failures, total) = (Vec::new(), self.cleanups.len());
        // A cleanup stays in the list while it runs, so that its name is logged if it is aborted.
        while let Some((name, cleanup)) = self.cleanups.last_mut() {
            match caught(cleanup).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failures.push((name.clone(), error)),
                Err(panic) => failures.push((name.clone(), format!("it panicked: {panic}"))),
            }
            self.cleanups.pop();
        }
        if failures.is_empty() { Ok(()) } else { Err(ExitError { failures, total }) }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if !self.cleanups.is_empty() {
            let names = self.cleanups.iter().rev().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ");
            let stack = &*self.name;
            record!(domain: "exit_stack", action: "close", status: error, exit_stack = stack, cleanups = names, "cleanups did not run to their end");
        }
    }
}

/// Cleanups that are offered to one runner after the other. A runner that refuses a future drops it, but not the cleanups.
struct Offer {
    name: Arc<str>,
    open: Arc<Mutex<Option<Open>>>,
}

/// Cleanups that no runner has taken, and the caller that waits for their result.
type Open = (Rest, Option<oneshot::Sender<Result<(), ExitError>>>);

impl Offer {
    fn new(rest: Rest, caller: Option<oneshot::Sender<Result<(), ExitError>>>) -> Self {
        Self { name: rest.name.clone(), open: Arc::new(Mutex::new(Some((rest, caller)))) }
    }

    /// Runs the cleanups. The error is returned if no caller waits for it.
    fn work(&self) -> Work<Result<(), ExitError>> {
        let open = self.open.clone();
        Box::pin(async move {
            let taken = open.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some((rest, caller)) = taken else { return Ok(()) };
            let result = rest.run().await;
            match caller {
                Some(caller) => caller.send(result).err().unwrap_or(Ok(())),
                None => result,
            }
        })
    }

    /// Runs the cleanups, and logs an error that no caller waits for.
    fn logged(&self) -> Work<()> {
        let (name, work) = (self.name.clone(), self.work());
        Box::pin(async move {
            if let Err(error) = work.await {
                log(&name, &error);
            }
        })
    }

    /// Returns whether a task of the service runs them.
    fn spawn(&self, owner: &dyn Owner) -> bool {
        owner.spawn(self.name.clone(), self.logged())
    }

    /// Returns whether the service runs them when it has stopped. A service that has stopped drops the future.
    fn defer(&self, owner: &dyn Owner) -> bool {
        owner.defer(self.work());
        Arc::strong_count(&self.open) > 1
    }

    /// Runs them in a task that nothing waits for, if there is a runtime.
    fn detach(&self, owner: &dyn Owner) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(owner.scope(self.logged()));
        }
    }
}

/// The context of a service, whatever its type.
trait Owner: Send + Sync {
    fn spawn(&self, name: Arc<str>, work: Work<()>) -> bool;
    fn defer(&self, work: Work<Result<(), ExitError>>);
    fn scope(&self, work: Work<()>) -> Work<()>;
}

impl<S: 'static> Owner for Context<S> {
    fn spawn(&self, name: Arc<str>, work: Work<()>) -> bool {
        Self::spawn(self, name, work)
    }

    fn defer(&self, work: Work<Result<(), ExitError>>) {
        Self::defer(self, work);
    }

    fn scope(&self, work: Work<()>) -> Work<()> {
        let cx = self.clone();
        Box::pin(async move { Self::scope(&cx, work).await })
    }
}
