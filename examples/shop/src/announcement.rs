//! [`Announcement`]: what an operator wants to know after the boot.

use std::fmt;
use std::net::SocketAddr;

use service_core::Registry;

use crate::http::{Port, Probes};

/// What an operator wants to know after the boot: the services, and the addresses.
pub struct Announcement {
    registry: Registry,
    /// Missing if the shop is being stopped already.
    address: Option<SocketAddr>,
    probes: Option<SocketAddr>,
}

impl Announcement {
    /// Asks the services. A shutdown may have begun since the boot, so it is no error that they are not ready any more: an
    /// error here would leave a shutdown that nobody waits for.
    pub fn new(registry: &Registry) -> Self {
        let address = registry.get::<Port>().ok().map(|port| port.address());
        let probes = registry.get::<Probes>().ok().and_then(|probes| probes.address());
        Self { registry: registry.clone(), address, probes }
    }

    /// Writes it into the log, as one record.
    pub fn log(&self) {
        let address = self.address.map(tracing::field::display);
        let probes = self.probes.map(tracing::field::display);
        tracing::info!(address, probes, "up");
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.registry.report();
        writeln!(f, "{}", self.registry.graph().to_string().trim_end())?;
        writeln!(f, "up in {:.1?}, the longest path: {}", report.total, report.critical_path.join(" → "))?;
        if let Some(address) = self.address {
            writeln!(f, "listening on http://{address}")?;
        }
        if let Some(probes) = self.probes {
            writeln!(f, "probes at http://{probes}/readyz")?;
        }
        f.write_str("try /products?q=kettle; ctrl-c ends it")
    }
}
