//! [`Probes`]: tells an orchestrator how the shop is, from before its boot to after its shutdown.

use std::net::SocketAddr;

use service_core::{Context, Lifecycle, Result, service};

use crate::Settings;

/// Tells an orchestrator how the shop is, on a port of its own where one is wanted: customers need not see it, and it is
/// there while the rest comes up and goes down.
#[service(requires = [Settings])]
pub struct Probes {
    address: Option<SocketAddr>,
}

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let Some(wanted) = cx.get::<Settings>().probes else { return Ok(Self { address: None }) };
        let served = service_http::serve_probes(cx, wanted).await;
        let address = served.map_err(|error| format!("{error}; choose another address with --probes"))?;
        Ok(Self { address: Some(address) })
    }
}

impl Probes {
    /// Where they are answered, if anywhere.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}
