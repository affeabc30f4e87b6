//! Closes a listener without losing those who stand in the kernel's queue: connected, maybe with a request sent, and not
//! accepted yet. Whoever is in that queue when a listener is closed is thrown out.

use std::io;

use tokio::net::{TcpListener, TcpStream};

#[cfg(all(test, target_os = "linux"))]
pub(crate) use door::{DROP, PASS, filter};
pub(crate) use door::{bar, widen};

/// How many may stand in it, if the system lets so many (`net.core.somaxconn`). The runtime asks for 128: more than those
/// who connect at once, and the kernel drops what they send for 200 ms, while they believe that they are connected.
const ROOM: i32 = 4_096;

/// Closes it, and hands over who was in its queue.
pub(crate) fn close(listener: TcpListener, mut let_in: impl FnMut(TcpStream)) {
    // Not tokio's own accept: it knows of those that the reactor has told it of, and we want to know now.
    let Ok(listener) = listener.into_std() else { return };
    // No more than that: who connects faster than we accept must not keep us here.
    for _ in 0..ROOM {
        match listener.accept() {
            Ok((stream, _)) => {
                let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                // One that fails here is gone already.
                stream.map(&mut let_in).unwrap_or_default();
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

/// What only Linux can do.
///
/// Between the last accept and the close is a moment in which others come in, and on a busy machine that moment may be
/// long. A filter on the listener drops what begins a connection; what completes one still comes in. A client whose
/// beginning was dropped tries again a second later, and is refused by then.
#[cfg(target_os = "linux")]
mod door {
    use socket2::{SockFilter, SockRef};
    use tokio::net::TcpListener;

    /// Where the flags stand in the header of a TCP packet.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;

    // The words of the kernel's packet filter that are needed.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const SKIP_UNLESS_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;

    pub(crate) const DROP: u32 = 0;
    pub(crate) const PASS: u32 = u32::MAX;

    /// Makes room in the queue of a listener. Where that fails, it is as it was.
    pub(crate) fn widen(listener: &TcpListener) {
        // To listen again is to say again how many may wait.
        let _ = SockRef::from(listener).listen(super::ROOM);
    }

    /// Whether nobody new is let in from now on.
    pub(crate) fn bar(listener: &TcpListener) -> bool {
        filter(listener, DROP, PASS)
    }

    /// What becomes of a packet that begins a connection, and of all others.
    pub(crate) fn filter(listener: &TcpListener, beginning: u32, other: u32) -> bool {
        let program = [
            SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
            SockFilter::new(AND, 0, 0, SYN | ACK),
            SockFilter::new(SKIP_UNLESS_EQUAL, 0, 1, SYN),
            SockFilter::new(RETURN, 0, 0, beginning),
            SockFilter::new(RETURN, 0, 0, other),
        ];
        SockRef::from(listener).attach_filter(&program).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod door {
    use tokio::net::TcpListener;

    pub(crate) fn widen(_: &TcpListener) {}

    pub(crate) fn bar(_: &TcpListener) -> bool {
        false
    }
}
