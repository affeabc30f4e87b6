//! Options of a listening socket that tokio does not offer. They are set only on Linux; on other systems these functions
//! do nothing.

#[cfg(all(test, target_os = "linux"))]
pub(crate) use linux::{ACCEPT, DROP, filter_packets};
#[cfg(target_os = "linux")]
pub(crate) use linux::{drop_new_connections, set_backlog};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{drop_new_connections, set_backlog};

#[cfg(target_os = "linux")]
mod linux {
    use socket2::{SockFilter, SockRef};
    use tokio::net::TcpListener;

    /// The offset of the flags in a TCP header.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;

    // Instructions of the kernel's classic packet filter (BPF).
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const SKIP_UNLESS_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;

    pub(crate) const DROP: u32 = 0;
    pub(crate) const ACCEPT: u32 = u32::MAX;

    /// Sets the length of the listen backlog. On failure the backlog keeps its length.
    pub(crate) fn set_backlog(listener: &TcpListener, length: i32) {
        // A second `listen` on a listening socket changes its backlog.
        let _ = SockRef::from(listener).listen(length);
    }

    /// Makes the kernel drop the first packet (SYN) of every new connection. Handshakes that have begun can complete. A
    /// client whose SYN was dropped sends it again one second later. Returns whether the filter is in place.
    pub(crate) fn drop_new_connections(listener: &TcpListener) -> bool {
        filter_packets(listener, DROP, ACCEPT)
    }

    /// Attaches a packet filter with one verdict for SYN packets, and another for all other packets.
    pub(crate) fn filter_packets(listener: &TcpListener, syn: u32, other: u32) -> bool {
        let program = [
            SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
            SockFilter::new(AND, 0, 0, SYN | ACK),
            SockFilter::new(SKIP_UNLESS_EQUAL, 0, 1, SYN),
            SockFilter::new(RETURN, 0, 0, syn),
            SockFilter::new(RETURN, 0, 0, other),
        ];
        SockRef::from(listener).attach_filter(&program).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use tokio::net::TcpListener;

    pub(crate) fn set_backlog(_: &TcpListener, _: i32) {}

    pub(crate) fn drop_new_connections(_: &TcpListener) -> bool {
        false
    }
}
