//! The listen backlog: connections that the kernel has established and the server has not accepted yet. Some of them
//! have already sent a request. Closing a listener resets all of them, so the server accepts them first.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::time::sleep;

/// The length of the backlog, which the system may limit further (`net.core.somaxconn`). tokio requests 128. When more
/// clients connect at once, the kernel drops packets of clients that regard themselves as connected, and the clients
/// send them again 200 ms later.
pub(crate) const LENGTH: i32 = 4_096;

/// The pause after a failed `accept`. Meanwhile connections end, and free the descriptors that were missing.
const RETRY: Duration = Duration::from_millis(10);

/// Returns the next connection in the backlog. tokio's `accept` returns only connections that its reactor has reported,
/// and the backlog can hold more.
pub(crate) async fn next(listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    loop {
        match listener.accept() {
            Ok((stream, client)) => {
                stream.set_nonblocking(true)?;
                return Ok(Some((stream, client)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted || is_connection_error(&error) => {}
            Err(_) => sleep(RETRY).await,
        }
    }
}

/// Whether `accept` failed for one connection, and not for the listener.
pub(crate) fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
