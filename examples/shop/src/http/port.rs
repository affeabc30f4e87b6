//! [`Port`]: where the shop listens.

use std::net::SocketAddr;

use service_core::{Context, Lifecycle, Result, service};

use crate::Settings;

/// Where the shop listens. The port is bound first and served by the [`Server`](super::Server) last: a client that connects
/// in between waits.
#[service(requires = [Settings])]
pub struct Port {
    pub(super) server: service_http::Server,
}

impl Lifecycle for Port {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let settings = cx.get::<Settings>();
        let wanted = SocketAddr::from((settings.host, settings.port));
        let server = service_http::Server::bind(wanted).await;
        Ok(Self { server: server.map_err(|error| format!("{error}; choose another port with --port"))? })
    }
}

impl Port {
    /// The address, with the port that the system chose if the setting is 0.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}
