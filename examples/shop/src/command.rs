//! [`Command`]: the parsed command line.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lexopt::prelude::*;
use service_core::Plan;

use crate::Settings;
use crate::logs::{Logs, format_of};

/// The text that `--help` prints.
pub const HELP: &str = "\
A small shop back end over HTTP.

Usage: shop [--host IP] [--port PORT] [--probes IP:PORT] [--data DIR] [--catalog FILE]
            [--wait SECONDS] [--log-format FORMAT] [--log-level LEVELS]
       shop --graph text|dot|mermaid|json

  --host IP         listen on this address, 127.0.0.1 by default
  --port PORT       and on this port, 3000 by default; 0 picks a free one
  --probes IP:PORT  answer /startupz, /livez and /readyz here; nowhere by default
  --data DIR        keep the database and the mail spool here, ./data by default
  --catalog FILE    the price list to import, the one that is compiled in by default
  --wait SECONDS    a request waits for the database at most so long, 10 by default
  --log-format FORMAT
                    log as text, key-value or json; SHOP_LOG_FORMAT, or text by default
  --log-level LEVELS
                    log these levels, as in info,shop=debug; RUST_LOG, or the shop's warnings by default
  --graph FORMAT    print the graph of services and leave
  --version         print the version and leave
  --help            print this and leave

Exit codes: 0 stopped, 1 the boot failed, 2 the shutdown was not clean, 4 stopped during the boot,
78 the configuration is wrong, 128 + the number of a second signal.
";

/// The text that `--version` prints: the version, and the revision if the environment of the build has `SHOP_REVISION`.
pub fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("SHOP_REVISION") {
        Some(revision) => format!("shop {version} ({revision})"),
        None => format!("shop {version}"),
    }
}

/// The parsed command line.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Boot and serve.
    Serve(Settings, Logs),
    /// Print the plan and exit.
    Graph(Format),
    /// Print [`version`] and exit.
    Version,
    /// Print [`HELP`] and exit.
    Help,
}

/// The format in which to print the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// A tree.
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
    /// JSON.
    Json,
}

impl Format {
    /// The plan in this format.
    pub fn render(self, plan: &Plan) -> String {
        match self {
            Self::Text => plan.to_string(),
            Self::Dot => plan.to_dot(),
            Self::Mermaid => plan.to_mermaid(),
            Self::Json => plan.to_json(),
        }
    }
}

impl Command {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// If an argument is unknown, has no value, or has an invalid value. The error names it.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        Self::read(lexopt::Parser::from_args(arguments)).map_err(|error| match error {
            lexopt::Error::MissingValue { .. } => format!("{error}; see --help").into(),
            error => error,
        })
    }

    fn read(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut settings = Settings::default();
        let mut logs = Logs::default();
        let mut graph = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("host") => settings.host = parser.value()?.parse_with(host)?,
                Long("probes") => settings.probes = Some(parser.value()?.parse_with(probes)?),
                Long("port") => settings.port = parser.value()?.parse_with(port)?,
                Long("data") => settings.data = parser.value()?.into(),
                Long("catalog") => settings.catalog = Some(parser.value()?.into()),
                Long("wait") => settings.wait = parser.value()?.parse_with(seconds)?,
                Long("log-format") => logs.format = Some(parser.value()?.parse_with(format_of)?),
                Long("log-level") => logs.levels = Some(parser.value()?.string()?),
                Long("graph") => graph = Some(parser.value()?.parse_with(format)?),
                Short('V') | Long("version") => return Ok(Self::Version),
                Short('h') | Long("help") => return Ok(Self::Help),
                _ => return Err(format!("{}; see --help", argument.unexpected()).into()),
            }
        }
        Ok(graph.map_or_else(|| Self::Serve(settings, logs), Self::Graph))
    }
}

fn host(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "a host is an IP address")
}

fn probes(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "probes are answered at an IP address and a port, as in 127.0.0.1:9090")
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "a port is a number from 0 to 65535")
}

/// An hour is longer than any client waits.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3_600).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("a wait is a number of seconds from 1 to 3600")
}

fn format(text: &str) -> Result<Format, &'static str> {
    match text {
        "text" => Ok(Format::Text),
        "dot" => Ok(Format::Dot),
        "mermaid" => Ok(Format::Mermaid),
        "json" => Ok(Format::Json),
        _ => Err("a graph is printed as text, dot, mermaid or json"),
    }
}

#[cfg(test)]
mod tests;
