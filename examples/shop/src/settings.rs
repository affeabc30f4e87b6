//! [`Settings`]: the configuration of the shop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use service_core::service;

/// The configuration of the shop: the one service whose value is given by the program.
#[service(given)]
#[derive(Debug, PartialEq)]
pub struct Settings {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; with 0 the system chooses a free one.
    pub port: u16,
    /// The address of the probes, if they are wanted.
    pub probes: Option<SocketAddr>,
    /// The folder of the database and of the mail spool. It is created if it is missing.
    pub data: PathBuf,
    /// The price list, a CSV file. Without one, the list that is compiled in is imported.
    pub catalog: Option<PathBuf>,
    /// How long a request waits for the database.
    pub wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 3000,
            probes: None,
            data: "data".into(),
            catalog: None,
            wait: Duration::from_secs(10),
        }
    }
}
