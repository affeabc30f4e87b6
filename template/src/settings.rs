//! [`Settings`]: the configuration, from the command line and the environment.

use std::net::SocketAddr;

use clap::Parser;
use service_core::service;
use service_core::telemetry::Format;

/// The configuration. Each flag is also an environment variable.
#[service(given)]
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Settings {
    /// The address of the API.
    #[arg(long, env = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) address: SocketAddr,
    /// The address of the probes.
    #[arg(long, env = "PROBES", default_value = "127.0.0.1:9090")]
    pub(crate) probes: SocketAddr,
    /// The word before each name.
    #[arg(long, env = "GREETING", default_value = "hello")]
    pub(crate) greeting: String,
    /// Writes logs as JSON instead of text.
    #[arg(long, env = "LOG_JSON")]
    pub(crate) log_json: bool,
}

impl Settings {
    pub(crate) fn log_format(&self) -> Format {
        if self.log_json {
            Format::Json
        } else {
            Format::Pretty
        }
    }

    /// Settings for a test, with ports that the system chooses.
    #[cfg(test)]
    pub(crate) fn test() -> Self {
        Self::parse_from([
            "test",
            "--address",
            "127.0.0.1:0",
            "--probes",
            "127.0.0.1:0",
            "--greeting",
            "hello",
        ])
    }
}
