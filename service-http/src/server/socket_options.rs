//! Options of a listening socket that tokio does not offer. They are set only on Linux; on other systems these functions
//! do nothing.

#[cfg(target_os = "linux")]
pub(crate) use linux::{can_refuse_connections, limit_unsent, refuse_connections, set_backlog};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{can_refuse_connections, limit_unsent, refuse_connections, set_backlog};

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::num::NonZeroU32;

    use socket2::{Domain, SockRef, Socket, Type};
    use tokio::net::TcpListener;

    /// The index of a network interface that does not exist. The kernel numbers interfaces from 1 on.
    const NO_INTERFACE: NonZeroU32 = NonZeroU32::new(i32::MAX as u32).expect("not zero");

    /// What the kernel holds of a response, in bytes. A whole congestion window is more than that only on fast networks,
    /// where the server sends the next part in time.
    const MAX_UNSENT: u32 = 128 * 1_024;

    /// Sets the length of the listen backlog. On failure the backlog keeps its length.
    pub(crate) fn set_backlog(listener: &TcpListener, length: i32) {
        // A second `listen` on a listening socket changes its backlog.
        let _ = SockRef::from(listener).listen(length);
    }

    /// Limits what the kernel holds of a response before it has sent it, for the connections of this listener. Without a
    /// limit the kernel holds megabytes for a client that reads slowly, and it takes minutes until the server sees that
    /// the client reads. On failure the kernel decides.
    pub(crate) fn limit_unsent(listener: &TcpListener) {
        let _ = SockRef::from(listener).set_tcp_notsent_lowat(MAX_UNSENT);
    }

    /// Makes the kernel refuse new connections. Handshakes that have begun can complete, and the connections in the
    /// backlog remain.
    ///
    /// The listener is bound to an interface that does not exist, so no new packet is for it. Since Linux 5.7 a process
    /// needs no capability for that. A packet filter would need `CAP_NET_ADMIN`.
    pub(crate) fn refuse_connections(listener: &TcpListener) -> io::Result<()> {
        SockRef::from(listener).bind_device_by_index_v4(Some(NO_INTERFACE))
    }

    /// Whether [`refuse_connections`] will succeed. Tries it with another socket, because it cannot be undone.
    pub(crate) fn can_refuse_connections() -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind_device_by_index_v4(Some(NO_INTERFACE))
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;

    use tokio::net::TcpListener;

    pub(crate) fn set_backlog(_: &TcpListener, _: i32) {}

    pub(crate) fn limit_unsent(_: &TcpListener) {}

    pub(crate) fn refuse_connections(_: &TcpListener) -> io::Result<()> {
        can_refuse_connections()
    }

    pub(crate) fn can_refuse_connections() -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
