//! [`ObjectPool`]: a bounded number of objects that callers share, one caller at a time.
//!
//! The pool is a semaphore and a list. The crate `deadpool` has these too, but it neither fills a pool at its start nor closes objects
//! asynchronously nor waits at its end for those in use, which is most of what is here.

mod closing;
mod pool_builder;
mod pool_error;
mod pool_metrics;
mod store;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use service_core::{Context, Health};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

pub use pool_builder::PoolBuilder;
pub use pool_error::PoolError;
pub use pool_metrics::PoolMetrics;
use store::{Entry, Store};

/// A pool of objects that are expensive to make, such as connections. It belongs to a service. A clone is another handle of the same pool.
///
/// [`get`](Self::get) returns an object that is free, or makes one if there are fewer than the maximum, or waits. The object is
/// returned to the pool when the guard is dropped: at the end of its scope, and after an error, a panic or a cancel as well.
/// Because an object may come back in the middle of an exchange, the pool can check it: [`is_closed`](PoolBuilder::is_closed) sees
/// each object when it is returned and before it is handed out again, and [`check`](PoolBuilder::check) can ask its peer before it
/// is handed out. An object that is found broken is dropped, and replaced when a caller needs it. The object that was returned last
/// is handed out first.
///
/// The pool ends after the `shutdown` of its service, when the calls and the tasks of the service have ended. It refuses callers from
/// then on, also those that wait, closes its objects, and waits for those that are still in use; this takes at most the shutdown budget
/// of the service.
///
/// ```
/// use service_core::{Context, Lifecycle, Registry, Result, guarded, service};
/// use service_toolkit::ObjectPool;
///
/// struct Connection;
///
/// impl Connection {
///     async fn open() -> std::io::Result<Self> {
///         Ok(Self)
///     }
///     async fn query(&mut self, sql: &str) -> usize {
///         sql.len()
///     }
///     async fn close(self) {}
/// }
///
/// #[service]
/// struct Database {
///     connections: ObjectPool<Connection>,
/// }
///
/// impl Lifecycle for Database {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         let pool = ObjectPool::builder("connections", 10, Connection::open).prefill(5).close_with(|connection| async move {
///             connection.close().await;
///         });
///         Ok(Self { connections: pool.start(cx).await? })
///     }
/// }
///
/// #[guarded]
/// impl Database {
///     pub async fn execute_query(&self, sql: &str) -> Result<usize> {
///         let mut connection = self.connections.get().await?;
///         Ok(connection.query(sql).await)
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     let registry = Registry::boot().await?;
///     let database = registry.get::<Database>()?;
///     assert_eq!(database.execute_query("select 1").await?, 8);
///     let metrics = database.connections.metrics();
///     assert_eq!((metrics.idle, metrics.made, metrics.gets), (5, 5, 1));
///     registry.shutdown().await?; // closes the connections
///     Ok(())
/// }
/// ```
pub struct ObjectPool<T> {
    store: Arc<Store<T>>,
}

impl<T: Send + 'static> ObjectPool<T> {
    /// A pool of up to `max` objects; zero is taken as one. The name is used in errors and events. It is started by
    /// [`PoolBuilder::start`].
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     async fn open() -> std::io::Result<Self> { Ok(Self) }
    /// # }
    /// use service_toolkit::ObjectPool;
    ///
    /// let pool = ObjectPool::builder("connections", 10, Connection::open);
    /// # let _ = pool;
    /// ```
    pub fn builder<F, M, E>(name: impl Into<Cow<'static, str>>, max: usize, make: F) -> PoolBuilder<T>
    where
        F: Fn() -> M + Send + Sync + 'static,
        M: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        PoolBuilder::new(name.into(), max, make)
    }

    /// Returns an object that is free, or makes one, or waits for one. Callers that wait are served in order. If the returned future
    /// is dropped while an object is checked, that object is dropped with it, because it may be in the middle of an exchange.
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     async fn query(&mut self, sql: &str) -> std::io::Result<u32> { Ok(1) }
    /// # }
    /// # use service_toolkit::ObjectPool;
    /// # async fn example(pool: ObjectPool<Connection>) -> service_core::Result<()> {
    /// let rows = {
    ///     let mut connection = pool.get().await?;
    ///     connection.query("select 1").await? // the connection is returned to the pool, also if this fails
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no object was free, made and checked within the [timeout](PoolBuilder::timeout), if the maker failed or panicked, or if the
    /// service has stopped.
    ///
    /// # Panics
    /// Outside of a tokio runtime, unless an object that needs no check is free.
    pub async fn get(&self) -> Result<Pooled<T>, PoolError> {
        if let Some(pooled) = self.get_now() {
            return Ok(pooled);
        }
        let store = &self.store;
        let result = store.closed.run_until_cancelled(self.within_timeout()).await;
        result.unwrap_or_else(|| Err(PoolError::Closed { pool: store.config.name.clone() }))
    }

    /// An object that is free and needs no check: the usual case, which waits for nothing and needs no timer.
    fn get_now(&self) -> Option<Pooled<T>> {
        let store = &self.store;
        let permit = store.permit_now()?;
        let entry = store.enter_now()?;
        let mut pooled = Pooled { store: store.clone(), entry: None, _permit: permit };
        pooled.entry = Some(store.handed_out(store.unless_closed(entry)?));
        Some(pooled)
    }

    async fn within_timeout(&self) -> Result<Pooled<T>, PoolError> {
        let (began, store, limit) = (Instant::now(), &self.store, self.store.config.timeout);
        let permit = tokio::time::timeout(limit, store.permit()).await.map_err(|_| store.timed_out(true))?;
        store.enter(began.elapsed())?;
        let mut pooled = Pooled { store: store.clone(), entry: None, _permit: permit };
        let left = limit.saturating_sub(began.elapsed());
        let entry = tokio::time::timeout(left, store.entry()).await.map_err(|_| store.timed_out(false))?;
        pooled.entry = Some(entry?);
        Ok(pooled)
    }

    /// The counts and wait times.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::ObjectPool<String>) {
    /// println!("{} of {} objects are in use", pool.metrics().in_use, pool.metrics().max);
    /// # }
    /// ```
    pub fn metrics(&self) -> PoolMetrics {
        self.store.metrics()
    }

    /// Degraded if callers wait for an object, if more objects than the maximum are being closed, if the object that was to be made
    /// last could not be made, or if the one that was to be closed last was not closed within its limit. Otherwise healthy, so that
    /// a service can return it from its health check.
    ///
    /// ```
    /// # use service_core::{Context, Health, Lifecycle, Result, service};
    /// # use service_toolkit::ObjectPool;
    /// # #[service(lazy)]
    /// # struct Database { pool: ObjectPool<String> }
    /// impl Lifecycle for Database {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         let make = || async { std::io::Result::Ok("a connection".to_owned()) };
    ///         Ok(Self { pool: ObjectPool::builder("connections", 10, make).start(cx).await? })
    ///     }
    ///     async fn health(&self) -> Health {
    ///         self.pool.health()
    ///     }
    /// }
    /// ```
    pub fn health(&self) -> Health {
        let (PoolMetrics { waiting, in_use, closing, max, .. }, name) = (self.metrics(), &self.store.config.name);
        if waiting > 0 {
            return Health::degraded(format!(
                "the pool {name} is exhausted: {in_use} of {max} objects are in use, and {waiting} callers wait"
            ));
        }
        if closing > max {
            return Health::degraded(format!(
                "the pool {name} makes no object, because {closing} are being closed, which are more than {max}"
            ));
        }
        match self.store.last_failure() {
            Some(failure) => Health::degraded(format!("the pool {name} could not {failure}")),
            None => Health::Healthy,
        }
    }
}

impl<T: Send + 'static> PoolBuilder<T> {
    /// Starts the pool as a part of the service, and fills it. If the service has stopped already, the pool is closed.
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # use service_toolkit::ObjectPool;
    /// # use service_toolkit::object_pool::PoolBuilder;
    /// # async fn example<S: 'static>(cx: &Context<S>, pool: PoolBuilder<String>) -> Result<()> {
    /// let pool: ObjectPool<String> = pool.prefill(5).start(cx).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If an object could not be made, or not within the [timeout](Self::timeout). The others are closed when the start of the
    /// service has failed.
    pub async fn start<S: 'static>(self, cx: &Context<S>) -> Result<ObjectPool<T>, PoolError> {
        let Self { config, prefill } = self;
        let prefill = prefill.min(config.max);
        let store = Arc::new(Store::new(config));
        store.close_with_service(cx);
        store.prefill(prefill).await?;
        Ok(ObjectPool { store })
    }
}

impl<T> Clone for ObjectPool<T> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone() }
    }
}

impl<T> fmt::Debug for ObjectPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, metrics) = (&self.store.config.name, self.store.metrics());
        f.debug_struct("ObjectPool").field("name", name).field("metrics", &metrics).finish_non_exhaustive()
    }
}

/// An object of an [`ObjectPool`], which is returned to the pool when this guard is dropped.
#[must_use = "the object is returned to the pool at once"]
pub struct Pooled<T> {
    store: Arc<Store<T>>,
    /// Absent until it is made, and after it was taken.
    entry: Option<Entry<T>>,
    /// Released after the object was returned.
    _permit: OwnedSemaphorePermit,
}

impl<T> Pooled<T> {
    /// Takes the object out of the pool, for example because it is broken. The pool makes another one when a caller needs it.
    ///
    /// ```
    /// # use service_toolkit::ObjectPool;
    /// # async fn example(pool: ObjectPool<String>) -> service_core::Result<()> {
    /// let broken: String = pool.get().await?.take();
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(mut self) -> T {
        self.store.taken();
        self.entry.take().expect("it is there until it is taken").object
    }

    /// How often this object was handed out, including this time.
    ///
    /// ```
    /// # use service_toolkit::ObjectPool;
    /// # async fn example(pool: ObjectPool<String>) -> service_core::Result<()> {
    /// println!("used {} times", pool.get().await?.uses());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uses(&self) -> u64 {
        self.entry.as_ref().map_or(0, |entry| entry.uses)
    }
}

impl<T> Deref for Pooled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.entry.as_ref().expect("it is there until it is taken").object
    }
}

impl<T> DerefMut for Pooled<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.entry.as_mut().expect("it is there until it is taken").object
    }
}

impl<T> Drop for Pooled<T> {
    fn drop(&mut self) {
        self.store.leave(self.entry.take());
    }
}

/// Without the object, which may have no text.
impl<T> fmt::Debug for Pooled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pool = &self.store.config.name;
        f.debug_struct("Pooled").field("pool", pool).field("uses", &self.uses()).finish_non_exhaustive()
    }
}
