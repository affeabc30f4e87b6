//! [`PoolBuilder`]: the settings of a pool.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use service_core::TaskOutput;
use tokio::sync::Semaphore;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;
type Work<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// The settings of a pool and the code of the user that it runs.
pub(super) struct Config<T> {
    pub(super) name: Cow<'static, str>,
    pub(super) max: usize,
    pub(super) make: Box<dyn Fn() -> Work<T> + Send + Sync>,
    pub(super) is_closed: Option<fn(&T) -> bool>,
    pub(super) check: Option<Box<dyn Fn(T) -> Work<T> + Send + Sync>>,
    pub(super) close: Option<Box<dyn Fn(T) -> Work<()> + Send + Sync>>,
    pub(super) timeout: Duration,
    pub(super) close_timeout: Duration,
    pub(super) max_lifetime: Option<Duration>,
    pub(super) max_idle_time: Option<Duration>,
}

/// The settings of an [`ObjectPool`](super::ObjectPool), which [`start`](Self::start) starts.
#[must_use = "a pool exists when it is started"]
pub struct PoolBuilder<T> {
    pub(super) config: Config<T>,
    pub(super) prefill: usize,
}

impl<T: Send + 'static> PoolBuilder<T> {
    pub(super) fn new<F, M, E>(name: Cow<'static, str>, max: usize, make: F) -> Self
    where
        F: Fn() -> M + Send + Sync + 'static,
        M: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let config = Config {
            name,
            max: max.clamp(1, Semaphore::MAX_PERMITS),
            make: Box::new(move || {
                let making = make();
                Box::pin(async move { making.await.map_err(Into::into) })
            }),
            is_closed: None,
            check: None,
            close: None,
            timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(30),
            max_lifetime: None,
            max_idle_time: None,
        };
        Self { config, prefill: 0 }
    }

    /// Makes this many objects before the pool is started, at the same time; at most as many as the pool may have. None by default.
    /// The [timeout](Self::timeout) limits this, too.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<String>) {
    /// let pool = pool.prefill(5);
    /// # }
    /// ```
    pub fn prefill(mut self, objects: usize) -> Self {
        self.prefill = objects;
        self
    }

    /// How long [`ObjectPool::get`](super::ObjectPool::get) takes at most, including the time to make and check an object; 30 s by
    /// default. A limit that is too long for the clock is no limit.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<String>) {
    /// let pool = pool.timeout(std::time::Duration::from_secs(2));
    /// # }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.config.timeout = limit;
        self
    }

    /// Finds objects that are closed, without waiting. It sees each object when it is returned, and each that was returned before
    /// it is handed out again, but not one that was just made. If it returns `true` or panics, the object is dropped.
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     fn is_open(&self) -> bool { true }
    /// # }
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<Connection>) {
    /// let pool = pool.is_closed(|connection| !connection.is_open());
    /// # }
    /// ```
    pub fn is_closed(mut self, is_closed: fn(&T) -> bool) -> Self {
        self.config.is_closed = Some(is_closed);
        self
    }

    /// Checks an object before it is handed out again, for example with a ping. The check takes the object and returns it; if it
    /// returns an error or panics, or is cancelled, the object is dropped.
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     async fn ping(&mut self) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<Connection>) {
    /// let pool = pool.check(|mut connection| async move { connection.ping().await.map(|()| connection) });
    /// # }
    /// ```
    pub fn check<F, C, E>(mut self, check: F) -> Self
    where
        F: Fn(T) -> C + Send + Sync + 'static,
        C: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.config.check = Some(Box::new(move |object| {
            let checking = check(object);
            Box::pin(async move { checking.await.map_err(Into::into) })
        }));
        self
    }

    /// Closes an object at the end of the service, or when it has reached its maximum age. Without it, the object is dropped. An
    /// object that is found broken is dropped in any case.
    ///
    /// A failed close is logged, or is part of the shutdown report.
    ///
    /// ```
    /// # struct Connection;
    /// # impl Connection {
    /// #     async fn close(self) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<Connection>) {
    /// let pool = pool.close_with(|connection| connection.close());
    /// # }
    /// ```
    pub fn close_with<F, C>(mut self, close: F) -> Self
    where
        F: Fn(T) -> C + Send + Sync + 'static,
        C: Future<Output: TaskOutput> + Send + 'static,
    {
        self.config.close = Some(Box::new(move |object| {
            let closing = close(object);
            Box::pin(async move { closing.await.into_result() })
        }));
        self
    }

    /// How long the [close](Self::close_with) of an object takes at most; 30 s by default. An object that is not closed by then is
    /// dropped, and this is logged, or is part of the shutdown report. A limit that is too long for the clock is no limit.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<String>) {
    /// let pool = pool.close_timeout(std::time::Duration::from_secs(5));
    /// # }
    /// ```
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.config.close_timeout = limit;
        self
    }

    /// Closes an object this long after it was made, as soon as it is not in use. Unlimited by default.
    ///
    /// Another object can be made while an object is closed. So that closes that hang do not fill the memory or the peer, no object
    /// is made while more than the maximum are being closed: with those, a pool has at most twice its maximum.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<String>) {
    /// let pool = pool.max_lifetime(std::time::Duration::from_secs(30 * 60));
    /// # }
    /// ```
    pub fn max_lifetime(mut self, time: Duration) -> Self {
        self.config.max_lifetime = Some(time);
        self
    }

    /// Closes an object that has not been used for this time. Unlimited by default.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::object_pool::PoolBuilder<String>) {
    /// let pool = pool.max_idle_time(std::time::Duration::from_secs(60));
    /// # }
    /// ```
    pub fn max_idle_time(mut self, time: Duration) -> Self {
        self.config.max_idle_time = Some(time);
        self
    }
}

impl<T> fmt::Debug for PoolBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { name, max, timeout, .. } = &self.config;
        f.debug_struct("PoolBuilder")
            .field("name", name)
            .field("max", max)
            .field("prefill", &self.prefill)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}
