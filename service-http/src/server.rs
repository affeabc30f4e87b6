//! [`Server`]: an HTTP server that is part of a service. It binds in `init`, serves from `start` on, and stops with the
//! service.

mod acceptor;
mod backlog;
mod client_stream;
mod connection;
mod descriptors;
mod exchange_state;
mod handler;
mod host;
mod limits;
mod request_body;
mod response_body;
mod serving;
mod socket_options;
mod stats;

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use service_core::{Context, Result};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::acceptor::Acceptor;
use self::descriptors::{connections, probe_connections, shared_connections};
use self::limits::Limits;
use self::serving::Serving;
use self::socket_options::{limit_unsent, set_backlog};
use self::stats::Counters;
pub use self::stats::Stats;

/// An HTTP/1.1 server that is part of a service: bind it in `init`, and serve in `start`.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use axum::{Router, routing::get};
/// use service_core::{Context, Lifecycle, Result, service};
/// use service_http::Server;
///
/// #[service(drain_timeout = "20s")]
/// struct Web {
///     server: Server,
/// }
///
/// impl Lifecycle for Web {
///     async fn init(_cx: &Context<Self>) -> Result<Self> {
///         Ok(Self { server: Server::bind("0.0.0.0:8080").await? }) // the boot fails if the port is in use
///     }
///
///     async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
///         self.server.serve(cx, Router::new().route("/", get(|| async { "hello" })))
///     }
/// }
/// ```
///
/// # Shutdown
///
/// When the service stops, the server refuses new connections, but still accepts those in the kernel's listen backlog.
/// It answers every request that was sent, with `Connection: close`, and closes idle connections. After nine tenths of
/// the service's `drain_timeout` it cuts off the remaining connections:
///
/// - A client that has not sent its whole request is reported as a progress event.
/// - A client that has not read its whole response is a warning in the log, and a note in the shutdown report.
/// - A request that a handler has not answered is a failure in the shutdown report.
///
/// # Handlers
///
/// Handlers run on behalf of the service, like its tasks: `T::service()`, guarded calls without a receiver and
/// [`Svc`](crate::Svc) use its registry. If a handler panics, the server logs the panic and responds with 500. The
/// connection stays open. A handler that blocks its thread for half a second or longer is logged once per request.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    limits: Limits,
    permits: Arc<Semaphore>,
    counters: Arc<Counters>,
    owns_listener: bool,
    listener: Mutex<Option<TcpListener>>,
}

impl Server {
    /// Binds an address and starts to listen. Clients that connect before [`serve`](Self::serve) wait until then.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("0.0.0.0:8080").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address cannot be bound. The message contains the address.
    ///
    /// # Panics
    /// If called outside of a tokio runtime.
    pub async fn bind(address: impl ToSocketAddrs + Display) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
        let listener = TcpListener::bind(&address).await.map_err(named)?;
        set_backlog(&listener, backlog::LENGTH);
        limit_unsent(&listener);
        Self::new(listener, true)
    }

    /// Uses a listener that is bound already, such as a socket that systemd passes to the process.
    ///
    /// The server does not change the listener's backlog, and does not stop new connections before it closes the
    /// listener, because another process may use the same socket.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::from_std(std::net::TcpListener::bind("[::]:8080")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the runtime cannot use the listener.
    ///
    /// # Panics
    /// If called outside of a tokio runtime.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::new(TcpListener::from_std(listener)?, false)
    }

    fn new(listener: TcpListener, owns_listener: bool) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            limits: Limits::default(),
            permits: shared_connections(),
            counters: Arc::default(),
            owns_listener,
            listener: Mutex::new(Some(listener)),
        })
    }

    /// Limits how many connections are open at a time, at least one. Other clients wait in the listen backlog, and the
    /// server logs a warning.
    ///
    /// By default the servers of a process share three quarters of the descriptors that the process may open when its first
    /// server is bound (`RLIMIT_NOFILE`; 1,024 is assumed on systems other than Linux). The rest is left for probes, files
    /// and a shutdown. [`serve_probes`](crate::serve_probes) has a limit of its own, so the probes answer although clients
    /// hold all connections of the main server.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.max_connections(10_000);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_connections(mut self, number: usize) -> Self {
        self.permits = connections(number);
        self
    }

    /// Limits how long a connection is open without a request. The default is 75 s, which is longer than the usual proxies
    /// keep an idle connection. The server closes a connection that exceeds the limit, and logs it.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.idle_timeout(Duration::from_secs(20));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// Limits how long a client may take to send the head of a request, from its first byte on. The default is 30 s. The
    /// server closes a connection that exceeds the limit, and logs a warning.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.head_timeout(Duration::from_secs(10));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn head_timeout(mut self, time: Duration) -> Self {
        self.limits.head = time;
        self
    }

    /// Limits how long a handler waits for the next part of a request's body. The default is 60 s. When the limit is
    /// exceeded, reading the body fails; axum's extractors respond with 400. The connection closes after the response, and
    /// the server logs a warning.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.body_timeout(Duration::from_secs(10));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.limits.body = time;
        self
    }

    /// Limits how long the server waits for a client to send a whole request, head and body. The default is 5 minutes. It
    /// does not include the time in which the handler does not read the body. A request that exceeds the limit ends as with
    /// [`body_timeout`](Self::body_timeout). Raise it for large uploads, and for bodies that are streams of events.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.request_timeout(Duration::from_secs(3_600));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn request_timeout(mut self, time: Duration) -> Self {
        self.limits.request = time;
        self
    }

    /// Sets how many bytes of a body a client must send per second, on average, after the first 5 s. The default is 240, and
    /// 0 permits every rate. Only the time in which the handler waits for the client counts. A request that is slower ends as
    /// with [`body_timeout`](Self::body_timeout).
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.min_body_rate(0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn min_body_rate(mut self, bytes_per_second: u32) -> Self {
        self.limits.body_rate = bytes_per_second;
        self
    }

    /// Limits how long a client may take nothing of a response that the server sends. The default is 60 s. The server closes
    /// a connection that exceeds the limit, drops the response, and logs a warning. On Linux the kernel then holds up to
    /// 128 KiB of the response, so a client must read about 1 KiB per second.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.write_timeout(Duration::from_secs(20));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn write_timeout(mut self, time: Duration) -> Self {
        self.limits.write = time;
        self
    }

    /// Limits how long a handler may take after its client has closed its sending side. The default is 30 s. Such a client can
    /// still read the response, or it is gone: TCP does not tell. When the limit is exceeded, the server drops the handler,
    /// closes the connection, and logs a warning. A client that resets its connection is noticed at once.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("[::]:8080").await?.half_closed_timeout(Duration::from_secs(5));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn half_closed_timeout(mut self, time: Duration) -> Self {
        self.limits.half_closed = time;
        self
    }

    /// The address that the server listens on. If port 0 was bound, it contains the port that the system chose.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("127.0.0.1:0").await?;
    /// println!("listening on http://{}", server.address());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server has counted so far.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("127.0.0.1:0").await?;
    /// println!("{} clients are connected", server.stats().connections);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counters.stats()
    }

    /// Answers requests until the service stops, in a task of the service that is named `http`. Call it in `start`,
    /// with the context of that hook.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use axum::{Router, routing::get};
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// # #[service(lazy)]
    /// # struct Web {
    /// #     server: service_http::Server,
    /// # }
    /// # impl Lifecycle for Web {
    /// #     async fn init(_cx: &Context<Self>) -> Result<Self> {
    /// #         Ok(Self { server: service_http::Server::bind("127.0.0.1:0").await? })
    /// #     }
    /// async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
    ///     self.server.serve(cx, Router::new().route("/", get(|| async { "hello" })))
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// If it was called before: a server serves once.
    ///
    /// # Panics
    /// If called outside of a tokio runtime.
    pub fn serve<S: 'static>(&self, cx: &Context<S>, router: Router) -> Result<()> {
        let listener = self.take()?;
        // `spawn` is refused only during a shutdown. Then there is nothing to serve.
        cx.spawn("http", self.acceptor(cx, router, cx.draining()).run(listener));
        Ok(())
    }

    pub(crate) fn take(&self) -> Result<TcpListener> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(listener.ok_or("a server serves once; bind another one in `init`")?)
    }

    pub(crate) fn acceptor<S: 'static>(
        &self,
        cx: &Context<S>,
        router: Router,
        draining: CancellationToken,
    ) -> Acceptor<S> {
        let serving = Serving {
            cx: cx.clone(),
            router,
            limits: self.limits,
            counters: self.counters.clone(),
            draining,
            cut_off: CancellationToken::new(),
        };
        Acceptor::new(serving, self.permits.clone(), self.owns_listener)
    }

    /// Makes this a server of probes, which has connections of its own.
    pub(crate) fn for_probes(mut self) -> Self {
        self.permits = probe_connections();
        self
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
