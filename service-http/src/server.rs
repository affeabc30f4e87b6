//! [`Server`]: a door that is claimed in `init`, opened in `start`, and shut when its service goes down.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use service_core::{Context, Result};
use tokio::net::{TcpListener, ToSocketAddrs};

use crate::accept::Acceptor;
use crate::connection::Timeouts;
use crate::queue;

/// How long a client may take to send the head of a request, also of the next one on a connection that is kept alive.
/// More than the minute after which the usual proxies let an idle connection go: else they would now and then send a
/// request into one that we are just closing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long it may send nothing of a body that has begun.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// HTTP/1.1 as a part of a service: bind in `init`, serve in `start`.
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
///         Ok(Self { server: Server::bind("0.0.0.0:8080").await? }) // a port that is taken fails the boot
///     }
///
///     async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
///         self.server.serve(cx, Router::new().route("/", get(|| async { "hello" })))
///     }
/// }
/// ```
///
/// When the service goes down, it accepts nobody any more, except who already stands in the kernel's queue; what has been
/// asked is answered, with `Connection: close`; idle connections are closed. Whatever is not done when nine tenths of the
/// service's `drain_timeout` are over is cut off: a client that has not sent its whole request, or not taken its answer,
/// is told of as a progress event; a request that a handler has not answered is a failure in the shutdown report.
///
/// Handlers run on behalf of the service, as its tasks do: `T::service()`, guarded calls without a receiver and
/// [`Svc`](crate::Svc) mean its registry. A handler that panics is answered with 500, and the connection goes on.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    timeouts: Timeouts,
    ours: bool,
    listener: Mutex<Option<TcpListener>>,
}

impl Server {
    /// Listens. Whoever connects before [`serve`](Self::serve) waits.
    ///
    /// # Errors
    /// If the address cannot be had, in a sentence that names it.
    pub async fn bind(address: impl ToSocketAddrs + Display) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
        let listener = TcpListener::bind(&address).await.map_err(named)?;
        queue::widen(&listener);
        Self::new(listener, true)
    }

    /// Takes a listener that somebody else has bound, such as the one that systemd hands over.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::of(std::net::TcpListener::bind("[::]:8080")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If it is no listener that the runtime can use.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn of(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::new(TcpListener::from_std(listener)?, false)
    }

    fn new(listener: TcpListener, ours: bool) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            timeouts: Timeouts { head: HEAD_TIMEOUT, body: BODY_TIMEOUT },
            ours,
            listener: Mutex::new(Some(listener)),
        })
    }

    /// How long a client may take to send the head of a request, and a connection may be idle: 75 s by default.
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

    /// How long a client may send nothing while the body of its request is waited for: 60 s by default. Then whoever reads
    /// the body has an error, of which the extractors of axum make a 400, and the connection ends with the answer.
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

    /// Where it listens, with the port that was picked if any would do.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let server = service_http::Server::bind("127.0.0.1:0").await?;
    /// println!("listening on http://{}", server.address());
    /// # Ok(())
    /// # }
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until the service goes down, in a task of it that is called `http`. To be called in `start`, with
    /// the hook's own context.
    ///
    /// # Errors
    /// If it serves already, or has.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn serve<S: 'static>(&self, cx: &Context<S>, router: Router) -> Result<()> {
        let listener = self.take()?;
        // Refused only on the way down, when nobody is to be served.
        cx.spawn("http", self.acceptor(cx, router).run(listener, cx.stopping()));
        Ok(())
    }

    pub(crate) fn take(&self) -> Result<TcpListener> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(listener.ok_or("a server serves once; bind another one in `init`")?)
    }

    pub(crate) fn acceptor<S>(&self, cx: &Context<S>, router: Router) -> Acceptor<S> {
        Acceptor { cx: cx.clone(), router, timeouts: self.timeouts, ours: self.ours }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
