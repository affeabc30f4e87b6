//! [`Probes`]: answers the probes of an orchestrator, from before the boot to after the shutdown.

use std::net::SocketAddr;

use service_core::{Context, Lifecycle, Result, service};

use crate::Settings;

/// Answers the probes of an orchestrator on a separate port, if the settings have one. Customers do not see that port, and
/// it is open while the other services start and stop.
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
    /// The address of the probes, if the settings have one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}
