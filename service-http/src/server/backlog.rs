//! The listen backlog: connections that the kernel has established and the server has not accepted yet. Some of them
//! have already sent a request. Closing a listener resets all of them, so the server accepts them first.

use std::io;

use tokio::net::{TcpListener, TcpStream};

/// The length of the backlog, which the system may limit further (`net.core.somaxconn`). tokio requests 128. When more
/// clients connect at once, the kernel drops packets of clients that regard themselves as connected, and the clients
/// send them again 200 ms later.
pub(crate) const LENGTH: i32 = 4_096;

/// Closes a listener, and passes the connections in its backlog to `serve`.
pub(crate) fn close(listener: TcpListener, mut serve: impl FnMut(TcpStream)) {
    // tokio's `accept` returns only connections that its reactor has reported. The backlog can hold more.
    let Ok(listener) = listener.into_std() else { return };
    // The bound ends the loop if clients connect faster than this accepts.
    for _ in 0..LENGTH {
        match listener.accept() {
            Ok((stream, _)) => {
                // A stream that fails here is disconnected already.
                let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                stream.map(&mut serve).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted || is_connection_error(&error) => {}
            Err(_) => break,
        }
    }
}

/// Whether `accept` failed for one connection, and not for the listener.
pub(crate) fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
