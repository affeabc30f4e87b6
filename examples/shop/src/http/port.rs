//! [`Port`]: where the shop listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use service_core::{Context, Lifecycle, Result, service};
use tokio::net::TcpListener;

use crate::Settings;

/// Where the shop listens. Claimed first, and handed to the [`Server`](super::Server) last: whoever knocks in between waits.
#[service(requires = [Settings])]
pub struct Port {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
}

impl Lifecycle for Port {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, cx.get::<Settings>().port));
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| format!("cannot listen on {wanted}: {error}; choose another port with --port"))?;
        Ok(Self { address: listener.local_addr()?, listener: Mutex::new(Some(listener)) })
    }
}

impl Port {
    /// The address, with the port that was picked if any would do.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener, for the one who serves; `None` for everybody after.
    pub(super) fn take(&self) -> Option<TcpListener> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
