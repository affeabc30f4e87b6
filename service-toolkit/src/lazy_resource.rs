//! [`LazyResource`]: a resource that is made at its first use, and again when it is found closed.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_core::{CancellationToken, Context, TaskOutput, record};

use crate::caught::caught_now;

type BoxError = Box<dyn Error + Send + Sync>;
type Make<T> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>> + Send + Sync>;

/// A resource that is made at its first use and shared from then on, such as an HTTP session or a connection. If it is found closed, it is
/// made again, which `tokio::sync::OnceCell` does not do. A clone is another handle of the same resource.
///
/// Only one caller makes the resource at a time, and the others wait. If the maker fails, its caller gets the error, and the next
/// caller tries again; the same holds for a maker that panics or is cancelled. A maker must not get its own resource: it would wait for
/// itself.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use service_core::{Context, Lifecycle, Registry, Result, service};
/// use service_toolkit::LazyResource;
///
/// #[derive(Default)]
/// struct Session {
///     closed: AtomicBool,
/// }
///
/// #[service]
/// struct Files {
///     session: LazyResource<Session>,
/// }
///
/// impl Lifecycle for Files {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         let session = LazyResource::new(|| async { Result::<_>::Ok(Session::default()) })
///             .is_closed(|session| session.closed.load(Ordering::Relaxed))
///             .close_with(cx, |session| async move { session.closed.store(true, Ordering::Relaxed) });
///         Ok(Self { session })
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     let registry = Registry::boot().await?;
///     let files = registry.get::<Files>()?;
///     let session = files.session.get().await?;
///     session.closed.store(true, Ordering::Relaxed); // by the peer
///     assert!(!files.session.get().await?.closed.load(Ordering::Relaxed), "a new one");
///     assert_eq!(files.session.made(), 2);
///     registry.shutdown().await?; // closes the session
///     Ok(())
/// }
/// ```
pub struct LazyResource<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    make: Make<T>,
    state: Mutex<State<T>>,
    /// Held by the caller that makes or closes the resource.
    changing: tokio::sync::Mutex<()>,
    ended: CancellationToken,
    made: AtomicU64,
}

struct State<T> {
    current: Option<Arc<T>>,
    is_closed: fn(&T) -> bool,
}

/// Why there is no resource.
#[derive(Debug)]
#[non_exhaustive]
pub enum LazyError {
    /// The maker failed.
    Failed(BoxError),
    /// The service that owns the resource has stopped.
    Ended,
}

impl fmt::Display for LazyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the resource could not be made: {error}"),
            Self::Ended => f.write_str("the resource is closed, because the service that owns it has stopped"),
        }
    }
}

impl Error for LazyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            Self::Ended => None,
        }
    }
}

impl<T: Send + Sync + 'static> LazyResource<T> {
    /// Takes the function that makes the resource. It is not called yet.
    ///
    /// ```
    /// use service_toolkit::LazyResource;
    ///
    /// let settings = LazyResource::new(|| async { std::fs::read_to_string("settings.toml") });
    /// assert_eq!(settings.made(), 0);
    /// ```
    pub fn new<F, M, E>(make: F) -> Self
    where
        F: Fn() -> M + Send + Sync + 'static,
        M: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let make: Make<T> = Box::new(move || {
            let making = make();
            Box::pin(async move { making.await.map_err(Into::into) })
        });
        let state = Mutex::new(State { current: None, is_closed: |_| false });
        let (changing, ended) = (tokio::sync::Mutex::default(), CancellationToken::new());
        Self { inner: Arc::new(Inner { make, state, changing, ended, made: AtomicU64::new(0) }) }
    }

    /// Checks the resource at each use: if this returns `true` or panics, the resource is made again. Without it, it is made again
    /// only after a [`reset`](Self::reset).
    ///
    /// The resource that was found closed is dropped when its last user drops it; it is not given to
    /// [`close_with`](Self::close_with).
    ///
    /// ```
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// # use service_toolkit::LazyResource;
    /// # struct Session { closed: AtomicBool }
    /// # fn example(session: LazyResource<Session>) {
    /// let session = session.is_closed(|session| session.closed.load(Ordering::Relaxed));
    /// # }
    /// ```
    #[must_use]
    pub fn is_closed(self, is_closed: fn(&T) -> bool) -> Self {
        self.inner.state().is_closed = is_closed;
        self
    }

    /// Closes the resource when the service of this context has stopped and its tasks have ended, if it was made and is not known
    /// to be closed. A caller that makes it at that moment is cancelled. From then on, [`get`](Self::get) returns
    /// [`LazyError::Ended`].
    ///
    /// ```
    /// # use service_core::Context;
    /// # use service_toolkit::LazyResource;
    /// # struct Session;
    /// # impl Session {
    /// #     async fn close(&self) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// # fn example<S: 'static>(cx: &Context<S>, session: LazyResource<Session>) {
    /// let session = session.close_with(cx, |session| async move { session.close().await });
    /// # }
    /// ```
    #[must_use]
    pub fn close_with<S, F, C>(self, cx: &Context<S>, close: F) -> Self
    where
        F: FnOnce(Arc<T>) -> C + Send + 'static,
        C: Future<Output: TaskOutput> + Send + 'static,
    {
        let inner = self.inner.clone();
        // If the service has stopped already, it drops the cleanup, which ends the resource.
        let ends = inner.ended.clone().drop_guard();
        cx.defer(async move {
            drop(ends);
            let _changing = inner.changing.lock().await;
            // One whose check panics is closed as well: it is not known to be closed.
            match inner.unless_closed(false) {
                Some(resource) => {
                    drop(inner.take());
                    close(resource).await.into_result()
                }
                None => Ok(()),
            }
        });
        self
    }

    /// Returns the resource, and makes it first if there is none or if it is closed.
    ///
    /// ```
    /// # use service_toolkit::LazyResource;
    /// # use service_toolkit::lazy_resource::LazyError;
    /// # struct Session;
    /// # async fn example(session: LazyResource<Session>) -> Result<(), LazyError> {
    /// let session = session.get().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the maker fails, or the service has stopped.
    ///
    /// # Panics
    /// If the maker panics.
    pub async fn get(&self) -> Result<Arc<T>, LazyError> {
        let inner = &*self.inner;
        let result = inner.ended.run_until_cancelled(async {
            if let Some(resource) = inner.open() {
                return Ok(resource);
            }
            let _changing = inner.changing.lock().await;
            // Another caller may have made it meanwhile.
            if let Some(resource) = inner.open() {
                return Ok(resource);
            }
            let resource = Arc::new((inner.make)().await.map_err(LazyError::Failed)?);
            inner.made.fetch_add(1, Ordering::Relaxed);
            // The drop of the old one is code of the user, so it runs without the lock, and a panic of it does not reach this
            // caller.
            let old = inner.state().current.replace(resource.clone());
            if let Err(panic) = caught_now(|| drop(old)) {
                record!(domain: "lazy_resource", action: "drop", status: warning, panic, "the drop of a closed resource panicked");
            }
            Ok(resource)
        });
        result.await.unwrap_or(Err(LazyError::Ended))
    }

    /// Forgets the resource, so that the next [`get`](Self::get) makes a new one. Returns the old one, for example to close it.
    ///
    /// ```
    /// # use service_toolkit::LazyResource;
    /// # struct Session;
    /// # fn example(session: LazyResource<Session>) {
    /// if let Some(old) = session.reset() {
    ///     drop(old);
    /// }
    /// # }
    /// ```
    pub fn reset(&self) -> Option<Arc<T>> {
        self.inner.take()
    }

    /// How often the resource was made.
    ///
    /// ```
    /// # use service_toolkit::LazyResource;
    /// # struct Session;
    /// # fn example(session: LazyResource<Session>) {
    /// println!("{} sessions until now", session.made());
    /// # }
    /// ```
    pub fn made(&self) -> u64 {
        self.inner.made.load(Ordering::Relaxed)
    }
}

impl<T> Inner<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the resource for the caller to drop without the lock, because that is code of the user.
    fn take(&self) -> Option<Arc<T>> {
        self.state().current.take()
    }

    /// The resource, if there is one that is open. One whose check panics is not.
    fn open(&self) -> Option<Arc<T>> {
        self.unless_closed(true)
    }

    /// The resource, if there is one that is not closed. The check is code of the user, and runs without the lock.
    fn unless_closed(&self, if_it_panics: bool) -> Option<Arc<T>> {
        let (current, is_closed) = {
            let state = self.state();
            (state.current.clone(), state.is_closed)
        };
        current.filter(|resource| !caught_now(|| is_closed(resource)).unwrap_or(if_it_panics))
    }
}

impl<T> Clone for LazyResource<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for LazyResource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyResource").field("made", &self.inner.made).finish_non_exhaustive()
    }
}
