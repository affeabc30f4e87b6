//! [`Acceptor`]: lets connections in, one task each, and sees all of them out.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use service_core::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::connection::{Connection, CutOff, Timeouts};
use crate::queue::{self, is_of_the_client};

/// How long not to accept where that fails: somebody has to close a file first.
const OUT_OF_FILES: Duration = Duration::from_millis(500);

/// How long those are waited for who have connected as they see it, and are not in the queue yet. The last packet of their
/// handshake is on its way, or the kernel has dropped it because the queue was full: then Linux sends it again, with the
/// request, 200 ms later.
const LATE: Duration = Duration::from_millis(300);

/// Lets connections in on behalf of a service.
pub(crate) struct Acceptor<S> {
    pub(crate) cx: Context<S>,
    pub(crate) router: Router,
    pub(crate) timeouts: Timeouts,
    /// Whether nobody else has this listener.
    pub(crate) ours: bool,
}

impl<S: 'static> Acceptor<S> {
    /// Serves until it is told to stop, then until everybody is answered, or cut off.
    ///
    /// # Errors
    /// If a request that we had taken was not answered.
    pub(crate) async fn run(self, listener: TcpListener, stopping: CancellationToken) -> Result<()> {
        let cut = CancellationToken::new();
        let mut connections = JoinSet::new();
        let mut let_in = |stream: TcpStream| {
            // How they ended matters at the end alone.
            while connections.try_join_next().is_some() {}
            let (cx, stopping, cut) = (self.cx.clone(), stopping.clone(), cut.clone());
            let connection = Connection::new(self.router.clone(), self.timeouts);
            connections.spawn(async move {
                let of_service = cx.clone();
                of_service.scope(connection.serve(stream, &cx, stopping, cut)).await
            });
        };
        stopping.run_until_cancelled(self.accept(&listener, &mut let_in)).await;
        if self.ours && queue::bar(&listener) {
            let late = LATE.min(self.cx.remaining() / 4);
            let _ = timeout(late, self.accept(&listener, &mut let_in)).await;
        }
        queue::close(listener, let_in);
        let left = self.cx.remaining();
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(left - left / 10, all_ended).await.is_ok() {
            return Ok(());
        }
        cut.cancel();
        self.tell(connections.join_all().await.into_iter().flatten().collect())
    }

    /// Lets in whoever comes, until it is dropped.
    async fn accept(&self, listener: &TcpListener, mut let_in: impl FnMut(TcpStream)) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => let_in(stream),
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    tracing::warn!(service = self.cx.name(), %error, "cannot accept a connection");
                    sleep(OUT_OF_FILES).await;
                }
            }
        }
    }

    fn tell(&self, cut_off: Vec<CutOff>) -> Result<()> {
        let lost: Vec<_> = cut_off.iter().filter_map(|it| it.unanswered.as_deref()).collect();
        let slow = cut_off.len() - lost.len();
        if slow > 0 {
            let who = if slow == 1 { "a client that had" } else { "clients that had" };
            let count = if slow == 1 { String::new() } else { format!("{slow} ") };
            self.cx.progress(format!("cut off {count}{who} not sent all of a request, or not taken all of an answer"));
        }
        if lost.is_empty() {
            return Ok(());
        }
        let (first, rest) = lost.split_at(lost.len().min(5));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        Err(format!("cut off while being answered: {}{more}; drain_timeout is how long they have", first.join(", "))
            .into())
    }
}
