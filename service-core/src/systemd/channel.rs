//! [`Channel`]: sends messages to systemd, over a datagram socket with a path or an abstract name.

use std::ffi::OsString;
use std::io;

pub(crate) use platform::Channel;

/// The error for an address that is neither a path nor an abstract name, such as `vsock:2:1234`.
fn unsupported(address: &OsString) -> io::Error {
    let message = format!("NOTIFY_SOCKET is {address:?}, which is neither a path nor an abstract name on this system");
    io::Error::new(io::ErrorKind::Unsupported, message)
}

#[cfg(unix)]
mod platform {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::{OsString, io, unsupported};

    /// Sends without waiting: systemd may be busy.
    #[derive(Debug)]
    pub(crate) struct Channel {
        socket: UnixDatagram,
        address: SocketAddr,
    }

    impl Channel {
        pub(crate) fn open(address: &OsString) -> io::Result<Self> {
            let address = match address.as_bytes() {
                [b'/', ..] => SocketAddr::from_pathname(address)?,
                [b'@', name @ ..] => abstract_name(name).ok_or_else(|| unsupported(address))??,
                _ => return Err(unsupported(address)),
            };
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Self { socket, address })
        }

        /// The socket is not connected, so that messages still arrive after systemd has re-executed itself.
        pub(crate) fn send(&self, message: &str) -> io::Result<()> {
            self.socket.send_to_addr(message.as_bytes(), &self.address).map(drop)
        }
    }

    #[cfg(target_os = "linux")]
    fn abstract_name(name: &[u8]) -> Option<io::Result<SocketAddr>> {
        use std::os::linux::net::SocketAddrExt;
        Some(SocketAddr::from_abstract_name(name))
    }

    #[cfg(not(target_os = "linux"))]
    fn abstract_name(_: &[u8]) -> Option<io::Result<SocketAddr>> {
        None
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{OsString, io, unsupported};

    /// This platform has no systemd.
    #[derive(Debug)]
    pub(crate) struct Channel;

    impl Channel {
        pub(crate) fn open(address: &OsString) -> io::Result<Self> {
            Err(unsupported(address))
        }

        pub(crate) fn send(&self, _: &str) -> io::Result<()> {
            Ok(())
        }
    }
}
