//! [`Config`]: what is logged, in what form, and where to.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};

use super::directives::directives;
use super::error::Error;

/// How much of a module is logged: everything of this level and of the graver ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    Off,
    /// What went wrong for good.
    Error,
    /// What somebody should look at.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// The form of the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people: `2026-11-21T15:45:42.000123Z  INFO shop service_core: ready domain=lifecycle …`.
    #[default]
    Pretty,
    /// One line of pairs a record: `timestamp=… level=info service.name=shop target=service_core message=ready …`.
    KeyValue,
    /// One object a line: `{"timestamp":"…","level":"INFO","service.name":"shop","target":"…","message":"…","fields":{…}}`.
    Json,
}

/// What is logged, in what form, and where to. By default: [`Level::Info`] of everything, [`Format::Pretty`], to stderr,
/// with `RUST_LOG` on top.
#[must_use = "a configuration does nothing until it is handed to init"]
pub struct Config {
    pub(super) service: String,
    pub(super) format: Format,
    pub(super) level: Level,
    pub(super) modules: BTreeMap<String, Level>,
    pub(super) writer: Box<dyn Write + Send>,
    /// Not read until all of it is there, so that there is one place for an error.
    directives: Vec<String>,
    env: Option<String>,
}

impl Config {
    /// The logs of the service of this name: it is in each record, as `service.name`.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            format: Format::default(),
            level: Level::Info,
            modules: BTreeMap::new(),
            writer: Box::new(io::stderr()),
            directives: Vec::new(),
            env: Some("RUST_LOG".to_owned()),
        }
    }

    /// What is logged of modules that are not named.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// What is logged of all whose name begins so: `shop::storage`, or `hyper` and with it `hyper_util`. The longest
    /// beginning counts.
    pub fn module(mut self, module: impl Into<String>, level: Level) -> Self {
        self.modules.insert(module.into(), level);
        self
    }

    /// The same in one text, as it would stand in a file or an argument: `info,shop::storage=debug,hyper=warn`.
    pub fn directives(mut self, text: impl Into<String>) -> Self {
        self.directives.push(text.into());
        self
    }

    /// The variable of the environment whose directives come on top of everything said here; `RUST_LOG` by default,
    /// `None` for none. A level alone replaces the default level and leaves the modules as they are; `module=level`
    /// replaces or adds that module. A variable that is empty says nothing.
    pub fn env<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.env = name.into().map(str::to_owned);
        self
    }

    /// The form of the logs.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Where the logs go. Each record is written at once; one that can't be written is lost, and hurts nobody.
    pub fn writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Box::new(writer);
        self
    }

    /// Reads the directives, and those of the environment after them.
    pub(super) fn resolve(mut self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut sources: Vec<_> = std::mem::take(&mut self.directives)
            .into_iter()
            .map(|text| ("the configuration".to_owned(), text))
            .collect();
        if let Some(name) = self.env.take()
            && let Some(text) = variable(&name)
        {
            sources.push((name, text.to_string_lossy().into_owned()));
        }
        for (from, text) in sources {
            for (module, level) in directives(&from, &text)? {
                match module {
                    Some(module) => drop(self.modules.insert(module, level)),
                    None => self.level = level,
                }
            }
        }
        Ok(self)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("service", &self.service)
            .field("format", &self.format)
            .field("level", &self.level)
            .field("modules", &self.modules)
            .field("directives", &self.directives)
            .field("env", &self.env)
            .finish_non_exhaustive()
    }
}
