//! Closes a listener without losing those who stand in the kernel's queue: connected, maybe with a request sent, and not
//! accepted yet. Whoever is in that queue when a listener is closed is thrown out.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

/// The most that are taken from the queue. It holds fewer, unless somebody has turned it up; and who connects faster than
/// we accept must not keep us here.
const MOST_WAITING: usize = 4_096;

/// How long those may take to connect who have begun to: longer than most ways through a network.
const HANDSHAKE: Duration = Duration::from_millis(50);

/// Closes it, and hands over who was in its queue. Nobody new is let in meanwhile, if the listener is `ours` alone and the
/// system can do that.
pub(crate) async fn close(listener: tokio::net::TcpListener, ours: bool, mut let_in: impl FnMut(TcpStream)) {
    // Not tokio's own accept: it knows of those that the reactor has told it of, and we want to know now.
    let Ok(listener) = listener.into_std() else { return };
    let barred = ours && bar::up(&listener);
    drain(&listener, &mut let_in);
    if barred {
        sleep(HANDSHAKE).await;
        drain(&listener, &mut let_in);
    }
}

fn drain(listener: &TcpListener, let_in: &mut impl FnMut(TcpStream)) {
    for _ in 0..MOST_WAITING {
        match listener.accept() {
            Ok((stream, _)) => {
                let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                // One that fails here is gone already.
                stream.map(&mut *let_in).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted || is_of_the_client(&error) => {}
            Err(_) => break,
        }
    }
}

/// Whether it was that one connection which failed.
pub(crate) fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Between the last accept and the close is a moment in which others come in, and on a busy machine that moment may be
/// long. On Linux a filter on the listener drops what begins a connection; what completes one still comes in. A client
/// whose beginning was dropped tries again a second later, and is refused by then.
#[cfg(target_os = "linux")]
mod bar {
    use std::net::TcpListener;

    use socket2::{SockFilter, SockRef};

    /// Where the flags stand in the header of a TCP packet.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;

    // The words of the kernel's packet filter that are needed.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const SKIP_UNLESS_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;

    /// Whether nobody new is let in from now on.
    pub(super) fn up(listener: &TcpListener) -> bool {
        let drop_beginnings = [
            SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
            SockFilter::new(AND, 0, 0, SYN | ACK),
            SockFilter::new(SKIP_UNLESS_EQUAL, 0, 1, SYN),
            SockFilter::new(RETURN, 0, 0, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
        ];
        SockRef::from(listener).attach_filter(&drop_beginnings).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod bar {
    use std::net::TcpListener;

    pub(super) fn up(_: &TcpListener) -> bool {
        false
    }
}
