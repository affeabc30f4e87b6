//! [`Server`]: an HTTP server that is part of a service. It binds in `init`, serves from `start` on, and stops with the
//! service.

mod acceptor;
mod backlog;
mod connection;
mod exchange_state;
mod handler;
mod idle_timeout_body;
mod lingering_close;
mod socket_options;
mod tracked_body;

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use service_core::{Context, Result};
use tokio::net::{TcpListener, ToSocketAddrs};

use self::acceptor::Acceptor;
use self::connection::Timeouts;
use self::socket_options::set_backlog;

/// Longer than the usual proxies keep an idle connection, which is one minute. With a shorter timeout, the server would
/// sometimes close a connection while a proxy sends a request on it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

const BODY_TIMEOUT: Duration = Duration::from_secs(60);

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
/// - A client that has not sent its whole request, or has not read its response, is reported as a progress event.
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
    timeouts: Timeouts,
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
            timeouts: Timeouts { head: HEAD_TIMEOUT, body: BODY_TIMEOUT },
            owns_listener,
            listener: Mutex::new(Some(listener)),
        })
    }

    /// Limits how long a client may take to send the head of a request, and how long a connection may be idle. The
    /// default is 75 s. The server closes a connection that exceeds the limit.
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
        self.timeouts.head = time;
        self
    }

    /// Limits how long a handler waits for the next part of a request's body. The default is 60 s. When the limit is
    /// exceeded, reading the body fails; axum's extractors respond with 400. The connection closes after the response.
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
        self.timeouts.body = time;
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
        cx.spawn("http", self.acceptor(cx, router).run(listener, cx.draining()));
        Ok(())
    }

    pub(crate) fn take(&self) -> Result<TcpListener> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(listener.ok_or("a server serves once; bind another one in `init`")?)
    }

    pub(crate) fn acceptor<S>(&self, cx: &Context<S>, router: Router) -> Acceptor<S> {
        Acceptor { cx: cx.clone(), router, timeouts: self.timeouts, owns_listener: self.owns_listener }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
