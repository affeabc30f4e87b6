//! [`Channel`]: the way to systemd, a datagram socket at a path or of an abstract name.

use std::ffi::OsString;
use std::io;

pub(crate) use way::Channel;

/// What is not a path and not an abstract name: `vsock:2:1234`, say.
fn unknown(address: &OsString) -> io::Error {
    let words = format!("NOTIFY_SOCKET is {address:?}, which is no path and no abstract name on this system");
    io::Error::new(io::ErrorKind::Unsupported, words)
}

#[cfg(unix)]
mod way {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::{OsString, io, unknown};

    /// Never waits: systemd may have no time to read.
    #[derive(Debug)]
    pub(crate) struct Channel {
        socket: UnixDatagram,
        address: SocketAddr,
    }

    impl Channel {
        pub(crate) fn open(address: &OsString) -> io::Result<Self> {
            let address = match address.as_bytes() {
                [b'/', ..] => SocketAddr::from_pathname(address)?,
                [b'@', name @ ..] => abstract_name(name).ok_or_else(|| unknown(address))??,
                _ => return Err(unknown(address)),
            };
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Self { socket, address })
        }

        /// To the address each time and not connected, so that it does not matter whether systemd starts anew.
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
mod way {
    use super::{OsString, io, unknown};

    /// There is no systemd here.
    #[derive(Debug)]
    pub(crate) struct Channel;

    impl Channel {
        pub(crate) fn open(address: &OsString) -> io::Result<Self> {
            Err(unknown(address))
        }

        pub(crate) fn send(&self, _: &str) -> io::Result<()> {
            Ok(())
        }
    }
}
