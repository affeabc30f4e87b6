//! [`Logs`]: what is logged, and in which format.

use std::env;

use service_core::Result;
use service_core::telemetry::{self, Config, Format, Level};

/// The environment variable of the format. That of the levels is `RUST_LOG`.
const FORMAT: &str = "SHOP_LOG_FORMAT";
const LEVELS: &str = "RUST_LOG";

/// What is logged, and in which format. What the command line does not say is taken from the environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs {
    /// The format; text by default.
    pub format: Option<Format>,
    /// Levels such as `info,shop=debug`; by default the warnings of the shop.
    pub levels: Option<String>,
}

impl Logs {
    /// Sets up the logs, and returns their format.
    ///
    /// # Errors
    /// If the format or a level is invalid, or the process has a subscriber already.
    pub fn begin(self) -> Result<Format> {
        let format = match (self.format, text_of(FORMAT)) {
            (Some(format), _) => format,
            (None, Some(text)) => format_of(&text).map_err(|why| format!("{FORMAT} is {text:?}: {why}"))?,
            (None, None) => Format::Pretty,
        };
        let config = Config::new("shop").level(Level::Off).format(format);
        let config = match self.levels {
            Some(levels) => config.directives(levels).env(None),
            None if text_of(LEVELS).is_some() => config,
            None => config.module("shop", Level::Warn),
        };
        telemetry::init(config)?;
        Ok(format)
    }
}

fn text_of(variable: &str) -> Option<String> {
    let text = env::var_os(variable)?.to_string_lossy().into_owned();
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The format of this name.
pub(crate) fn format_of(text: &str) -> Result<Format, &'static str> {
    match text {
        "text" => Ok(Format::Pretty),
        "key-value" => Ok(Format::KeyValue),
        "json" => Ok(Format::Json),
        _ => Err("logs are written as text, key-value or json"),
    }
}
