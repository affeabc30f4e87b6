//! Directives: `info,shop::storage=debug,hyper=warn`. A level alone is the default level; a module alone is all of it.

use super::config::Level;
use super::error::Error;

/// What each directive says: a level for this module, or for all that are not named.
pub(super) fn directives(from: &str, text: &str) -> Result<Vec<(Option<String>, Level)>, Error> {
    let written = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    written.map(|directive| read(directive).map_err(|why| bad(from, directive, why))).collect()
}

fn read(directive: &str) -> Result<(Option<String>, Level), String> {
    if directive.contains(['[', ']', '{', '}', '/']) {
        return Err("spans, fields and patterns can't be chosen by".to_owned());
    }
    let Some((module, word)) = directive.split_once('=') else {
        return Ok(match level(directive) {
            Some(level) => (None, level),
            None => (Some(module(directive)?), Level::Trace),
        });
    };
    let known = "is not off, error, warn, info, debug or trace";
    let level = level(word.trim()).ok_or_else(|| format!("{:?} {known}", word.trim()))?;
    Ok((Some(self::module(module.trim())?), level))
}

fn module(name: &str) -> Result<String, String> {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '-' | '.');
    match !name.is_empty() && name.chars().all(is_part) {
        true => Ok(name.to_owned()),
        false => Err(format!("{name:?} is not a module")),
    }
}

fn level(word: &str) -> Option<Level> {
    let levels = [
        ("off", Level::Off),
        ("error", Level::Error),
        ("warn", Level::Warn),
        ("info", Level::Info),
        ("debug", Level::Debug),
        ("trace", Level::Trace),
    ];
    levels.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| level)
}

fn bad(from: &str, directive: &str, why: String) -> Error {
    Error::BadDirective { from: from.to_owned(), directive: directive.to_owned(), why }
}

#[cfg(test)]
mod tests;
