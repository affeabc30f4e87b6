//! [`Acceptor`]: accepts connections, runs each in a task, and at shutdown waits until all of them have ended.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use service_core::{Context, Result, record};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::backlog::{self, is_connection_error};
use super::connection::{Connection, CutOff, Timeouts};
use super::socket_options::{can_refuse_connections, refuse_connections};

/// The pause after a failed `accept`. The usual cause is that the process has too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);

/// How long the server still accepts connections once the kernel refuses new ones. A client can regard its connection as
/// established while the last packet of the handshake is on its way, or after the kernel has dropped that packet
/// because the backlog was full. Linux sends a dropped packet again, with the request, after 200 ms.
const LATE_HANDSHAKES: Duration = Duration::from_millis(300);

/// How many requests the error about lost requests lists.
const LISTED: usize = 5;

/// Accepts connections on behalf of a service.
pub(crate) struct Acceptor<S> {
    pub(crate) cx: Context<S>,
    pub(crate) router: Router,
    pub(crate) timeouts: Timeouts,
    /// Whether the listener belongs to this server alone.
    pub(crate) owns_listener: bool,
}

impl<S: 'static> Acceptor<S> {
    /// Serves until `draining` is cancelled, then until every connection has ended or was cut off.
    ///
    /// # Errors
    /// If a handler did not answer a request in time.
    pub(crate) async fn run(self, listener: TcpListener, draining: CancellationToken) -> Result<()> {
        // The probes must answer although a handler blocks the thread that waits for I/O.
        let _kept = self.cx.keep_io();
        if self.owns_listener
            && let Err(error) = can_refuse_connections()
        {
            let what = "a shutdown can reset connections that arrive just before the listener closes";
            record!(
                domain: "http", action: "listen", status: warning, service = self.cx.name(), %error,
                "{what}, because the system cannot refuse new connections"
            );
        }
        let cut_off = CancellationToken::new();
        let mut connections = JoinSet::new();
        let mut serve = |stream: TcpStream| {
            // Frees the tasks that have ended. Only results after the cut-off matter.
            while connections.try_join_next().is_some() {}
            let (cx, draining, cut_off) = (self.cx.clone(), draining.clone(), cut_off.clone());
            let connection = Connection::new(self.router.clone(), self.timeouts);
            connections.spawn(async move {
                let scope = cx.clone();
                scope.scope(connection.serve(stream, &cx, draining, cut_off)).await
            });
        };
        draining.run_until_cancelled(self.accept(&listener, &mut serve)).await;
        if self.owns_listener && refuse_connections(&listener).is_ok() {
            let time = LATE_HANDSHAKES.min(self.cx.remaining() / 4);
            let _ = timeout(time, self.accept(&listener, &mut serve)).await;
        }
        backlog::close(listener, serve);
        let remaining = self.cx.remaining();
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(remaining - remaining / 10, all_ended).await.is_ok() {
            return Ok(());
        }
        cut_off.cancel();
        self.report(connections.join_all().await.into_iter().flatten().collect())
    }

    /// Accepts connections until the future is dropped.
    async fn accept(&self, listener: &TcpListener, mut serve: impl FnMut(TcpStream)) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => serve(stream),
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    let service = self.cx.name();
                    record!(
                        domain: "http", action: "accept", status: warning,
                        service, %error, "cannot accept a connection"
                    );
                    sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    /// Reports slow clients as progress, and requests without an answer as an error.
    fn report(&self, connections: Vec<CutOff>) -> Result<()> {
        let lost: Vec<_> = connections.iter().filter_map(|it| it.unanswered.as_deref()).collect();
        let slow = connections.len() - lost.len();
        if slow > 0 {
            let clients = if slow == 1 { "a client that had".to_owned() } else { format!("{slow} clients that had") };
            self.cx.progress(format!("cut off {clients} not sent all of a request, or not taken all of an answer"));
        }
        if lost.is_empty() {
            return Ok(());
        }
        let (listed, rest) = lost.split_at(lost.len().min(LISTED));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let listed = listed.join(", ");
        Err(format!("cut off while being answered: {listed}{more}; drain_timeout is how long they have").into())
    }
}
