//! Reads the settings, sets up the logs, and runs the services until SIGTERM or ctrl-c.

mod greetings;
mod settings;
mod web;

use std::process::ExitCode;

use clap::Parser;
use service_core::telemetry::{self, Config};
use service_core::{Registry, Result};

use crate::settings::Settings;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let settings = Settings::parse();
    telemetry::init(Config::new(env!("CARGO_PKG_NAME")).format(settings.log_format()))?;
    Ok(Registry::builder().give(settings).launch().await)
}
