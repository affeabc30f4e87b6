//! [`Bridge`]: runs a future from code that is not async.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, Wake};
use std::thread::{self, Thread};

use service_core::{CancellationToken, Context};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::caught::caught;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs futures for threads that are not async, such as those of a C library, of a thread pool or of a
/// [`BlockingPool`](crate::BlockingPool). It belongs to a service. A clone is another handle of the same bridge.
///
/// The future runs as a task on the runtime of the service, in the scope of its registry, and the thread waits for the result. The
/// bridge ends after the `shutdown` of its service; futures that still run are cancelled then, so no thread waits for ever. What
/// the service has made after the bridge ends before it: make the bridge before a [`BlockingPool`](crate::BlockingPool) whose
/// closures use it, so that they can finish with it.
///
/// ```
/// use service_core::{Definition, Registry};
/// use service_toolkit::Bridge;
///
/// # #[tokio::main]
/// # async fn main() -> service_core::Result<()> {
/// let bridge = Definition::new("bridge").init(async |cx| Ok(Bridge::new(&cx)));
/// let registry = Registry::builder().isolated().define(bridge).only_named("bridge").boot().await?;
/// let bridge = registry.get_named::<Bridge>("bridge")?;
/// let thread = std::thread::spawn(move || bridge.block_on(async { 6 * 7 }));
/// assert_eq!(thread.join().unwrap()?, 42);
/// registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Bridge {
    spawn: Arc<dyn Fn(Work) + Send + Sync>,
    ended: CancellationToken,
}

impl Bridge {
    /// A bridge to the runtime in which this is called. If the service has stopped already, the bridge has ended.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// use service_toolkit::Bridge;
    ///
    /// #[service(lazy)]
    /// struct Callbacks {
    ///     bridge: Bridge,
    /// }
    ///
    /// impl Lifecycle for Callbacks {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self { bridge: Bridge::new(cx) })
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new<S: 'static>(cx: &Context<S>) -> Self {
        let (runtime, scope, ended) = (Handle::current(), cx.clone(), CancellationToken::new());
        // A service that has stopped drops the cleanup, which ends the bridge, too.
        let ends = ended.clone().drop_guard();
        cx.defer(async move { drop(ends) });
        let spawn = move |work| {
            let scope = scope.clone();
            drop(runtime.spawn(async move { scope.scope(work).await }));
        };
        Self { spawn: Arc::new(spawn), ended }
    }

    /// Runs a future and blocks this thread until it has completed.
    ///
    /// ```
    /// # use service_toolkit::Bridge;
    /// # async fn send(text: &str) -> std::io::Result<()> { Ok(()) }
    /// # fn example(bridge: Bridge) -> Result<(), Box<dyn std::error::Error>> {
    /// // In a callback of a library that knows nothing of async.
    /// bridge.block_on(async { send("done").await })??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If this thread belongs to a tokio runtime, if the future panicked, or if the service or the runtime has ended.
    pub fn block_on<F>(&self, future: F) -> Result<F::Output, BridgeError>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if Handle::try_current().is_ok() {
            return Err(BridgeError::InRuntime);
        }
        // Here as well as in the task, because a runtime may exist that nobody drives any more.
        if self.ended.is_cancelled() {
            return Err(BridgeError::Ended);
        }
        let (caller, result) = oneshot::channel();
        let ended = self.ended.clone();
        (self.spawn)(Box::pin(async move {
            if let Some(result) = ended.run_until_cancelled(caught(future)).await {
                // The caller has gone if the bridge has ended.
                drop(caller.send(result));
            }
        }));
        // A result that is there has priority.
        let waits = async {
            tokio::select! {
                biased;
                result = result => result.ok(),
                () = self.ended.cancelled() => None,
            }
        };
        match parked(waits) {
            Some(Ok(output)) => Ok(output),
            Some(Err(panic)) => Err(BridgeError::Panicked(panic)),
            None => Err(BridgeError::Ended),
        }
    }
}

/// Runs a future on this thread, which is parked while the future waits.
fn parked<F: Future>(future: F) -> F::Output {
    struct Unparks(Thread);
    impl Wake for Unparks {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let (mut future, waker) = (pin!(future), Arc::new(Unparks(thread::current())).into());
    loop {
        match future.as_mut().poll(&mut task::Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            // A spurious wake only polls once more.
            Poll::Pending => thread::park(),
        }
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").field("has_ended", &self.ended.is_cancelled()).finish_non_exhaustive()
    }
}

/// Why a [`Bridge`] has returned no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BridgeError {
    /// The thread belongs to a tokio runtime, which it must not block.
    InRuntime,
    /// The future panicked, with this message.
    Panicked(String),
    /// The service of the bridge, or its runtime, has ended.
    Ended,
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRuntime => f.write_str(
                "the bridge would block a thread of a tokio runtime; await the future instead, \
                 or call the bridge in a thread of its own or of a `BlockingPool`",
            ),
            Self::Panicked(panic) => write!(f, "the future that the bridge ran panicked: {panic}"),
            Self::Ended => f.write_str("the bridge has ended, because its service or its runtime has"),
        }
    }
}

impl Error for BridgeError {}
