//! [`Settings`]: what the shop is told from outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use service_core::service;

/// What the shop is told from outside: the one service that is handed over, not built.
#[service(given)]
#[derive(Debug, PartialEq)]
pub struct Settings {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port there; 0 picks a free one.
    pub port: u16,
    /// Where to answer probes, if anywhere.
    pub probes: Option<SocketAddr>,
    /// The folder of the database and of the mail spool; made if it is missing.
    pub data: PathBuf,
    /// The price list, a CSV file.
    pub catalog: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 3000,
            probes: None,
            data: "data".into(),
            catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/catalog.csv").into(),
        }
    }
}
