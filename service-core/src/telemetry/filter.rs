//! The filter of the logs: the levels of the configuration, then its directives, then those of the environment.
//! `tracing-subscriber` reads the directives; this file rejects those that it would accept and that would select nothing.

use std::ffi::OsString;

use super::config::{Config, Level};
use super::error::Error;
use super::subscriber::{LevelFilter, Targets};

/// Which records are logged.
pub(super) fn targets(config: &Config, variable: impl Fn(&str) -> Option<OsString>) -> Result<Targets, Error> {
    let levels = Targets::new().with_default(config.level).with_targets(config.modules.clone());
    let mut sources: Vec<_> = config.directives.iter().map(|text| ("the configuration", text.clone())).collect();
    if let Some(name) = &config.env
        && let Some(text) = variable(name)
    {
        sources.push((name, text.to_string_lossy().into_owned()));
    }
    sources.iter().try_fold(levels, |targets, (source, text)| extended(targets, source, text))
}

/// The filter with the directives of a text on top: `info,shop::storage=debug,hyper=warn`.
fn extended(mut targets: Targets, source: &str, text: &str) -> Result<Targets, Error> {
    for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        let parsed = parse(directive).map_err(|why| Error::BadDirective {
            from: source.to_owned(),
            directive: directive.to_owned(),
            why,
        })?;
        targets.extend(&parsed);
        if let Some(level) = parsed.default_level() {
            targets = targets.with_default(level);
        }
    }
    Ok(targets)
}

fn parse(directive: &str) -> Result<Targets, String> {
    let (module, level) = match directive.split_once('=') {
        Some((module, level)) => (module.trim(), Some(level.trim())),
        None => (directive, None),
    };
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '-' | '.');
    if module.is_empty() || !module.chars().all(is_part) {
        return Err(format!("{module:?} is not a module, and spans and fields cannot be selected"));
    }
    let Some(level) = level else { return module.parse().map_err(|_| format!("{module:?} is not a level")) };
    let targets = format!("{module}={level}").parse().ok().filter(|_| !level.is_empty());
    targets.ok_or_else(|| format!("{level:?} is not off, error, warn, info, debug or trace"))
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::OFF,
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

#[cfg(test)]
mod tests;
