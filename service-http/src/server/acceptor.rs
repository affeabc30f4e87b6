//! [`Acceptor`]: accepts connections, runs each in a task, and at shutdown waits until all of them have ended.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use service_core::{Result, record};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::backlog::{self, is_connection_error};
use super::connection::Connection;
use super::exchange_state::CutOff;
use super::serving::{Place, Serving};
use super::socket_options::{can_refuse_connections, refuse_connections};

/// The pause after a failed `accept`. The usual cause is that the process has too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);

/// How long the server still accepts connections once the kernel refuses new ones. A client can regard its connection as
/// established while the last packet of the handshake is on its way, or after the kernel has dropped that packet
/// because the backlog was full. Linux sends a dropped packet again, with the request, after 200 ms.
const LATE_HANDSHAKES: Duration = Duration::from_millis(300);

/// The shortest time between two warnings that the limit of connections is reached.
const FULL_WARNING: Duration = Duration::from_secs(10);

/// Accepts connections on behalf of a service.
pub(crate) struct Acceptor<S> {
    serving: Arc<Serving<S>>,
    /// One permit for each connection that may be open.
    permits: Arc<Semaphore>,
    /// Whether the listener belongs to this server alone.
    owns_listener: bool,
    connections: JoinSet<Option<CutOff>>,
    warned: Option<Instant>,
}

impl<S: 'static> Acceptor<S> {
    pub(crate) fn new(serving: Serving<S>, permits: Arc<Semaphore>, owns_listener: bool) -> Self {
        Self { serving: Arc::new(serving), permits, owns_listener, connections: JoinSet::new(), warned: None }
    }

    /// Serves until `draining` is cancelled, then until every connection has ended or was cut off.
    ///
    /// # Errors
    /// If a handler did not answer a request in time, or if connections in the backlog could not be accepted.
    pub(crate) async fn run(mut self, listener: TcpListener) -> Result<()> {
        let serving = self.serving.clone();
        let cx = &serving.cx;
        // The probes must answer although a handler blocks the thread that waits for I/O.
        let _kept = cx.keep_io();
        if self.owns_listener
            && let Err(error) = can_refuse_connections()
        {
            let what = "a shutdown can reset connections that arrive just before the listener closes";
            record!(
                domain: "http", action: "listen", status: warning, service = cx.name(), %error,
                "{what}, because the system cannot refuse new connections"
            );
        }
        serving.draining.run_until_cancelled(self.accept(&listener)).await;
        let remaining = cx.remaining();
        let deadline = Instant::now() + (remaining - remaining / 10);
        if self.owns_listener && refuse_connections(&listener).is_ok() {
            let _ = timeout(LATE_HANDSHAKES.min(remaining / 4), self.accept(&listener)).await;
        }
        let backlog = timeout_at(deadline, self.accept_backlog(listener)).await;
        let backlog = backlog.unwrap_or_else(|_| Err("connections in the listen backlog were not accepted".into()));
        let all_ended = async { while self.connections.join_next().await.is_some() {} };
        if timeout_at(deadline, all_ended).await.is_ok() {
            return backlog;
        }
        serving.cut_off.cancel();
        let mut cut_off = Vec::new();
        while let Some(ended) = self.connections.join_next().await {
            cut_off.extend(ended.ok().flatten());
        }
        serving.report_cut_off(cut_off).and(backlog)
    }

    /// Accepts connections until the future is dropped.
    async fn accept(&mut self, listener: &TcpListener) -> Infallible {
        loop {
            let permit = self.permit().await;
            match listener.accept().await {
                Ok((stream, client)) => self.serve(stream, client, permit),
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    let service = self.serving.cx.name();
                    record!(
                        domain: "http", action: "accept", status: warning,
                        service, %error, "cannot accept a connection"
                    );
                    sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    /// Accepts the connections in the listen backlog, then closes the listener. Connections that end make room for
    /// others, so a limit delays this and does not end it.
    async fn accept_backlog(&mut self, listener: TcpListener) -> Result<()> {
        let listener = listener.into_std()?;
        // The bound ends the loop if clients connect faster than this accepts.
        for _ in 0..backlog::LENGTH {
            let permit = self.permit().await;
            let Some((stream, client)) = backlog::next(&listener).await? else { break };
            // A stream that fails here is disconnected already.
            if let Ok(stream) = TcpStream::from_std(stream) {
                self.serve(stream, client, permit);
            }
        }
        Ok(())
    }

    /// Waits until one more connection may be open.
    async fn permit(&mut self) -> OwnedSemaphorePermit {
        if self.permits.available_permits() == 0 && self.warned.is_none_or(|at| at.elapsed() > FULL_WARNING) {
            self.warned = Some(Instant::now());
            let what = "the limit of connections is reached; new clients wait in the listen backlog";
            record!(domain: "http", action: "accept", status: warning,
                service = self.serving.cx.name(), limit = "max_connections", "{what}");
        }
        self.permits.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    fn serve(&mut self, stream: TcpStream, client: SocketAddr, permit: OwnedSemaphorePermit) {
        // Frees the tasks that have ended. Only results after the cut-off matter.
        while self.connections.try_join_next().is_some() {}
        let serving = self.serving.clone();
        self.connections.spawn(async move {
            let place = Place::new(permit, serving.counters.clone());
            serving.cx.scope(Connection::new(serving.clone(), client).serve(stream, place)).await
        });
    }
}
