//! [`Config`]: what is logged, in what format, and where to.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

/// How much of a module is logged: records of this level and of the more severe ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// What an operator should look at.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// The format of the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people: `2026-11-21T15:45:42.000123Z  INFO shop service_core: ready domain=lifecycle …`.
    #[default]
    Pretty,
    /// One line of pairs for each record: `timestamp=… level=info service.name=shop target=service_core message=ready …`.
    KeyValue,
    /// One object on each line:
    /// `{"timestamp":"…","level":"INFO","service.name":"shop","target":"…","message":"…","fields":{…}}`.
    Json,
}

/// What is logged, in what format, and where to. By default: [`Level::Info`] of everything, [`Format::Pretty`], to stderr,
/// and the directives in `RUST_LOG`.
#[must_use = "a configuration does nothing until it is passed to init"]
pub struct Config {
    pub(super) service: String,
    pub(super) format: Format,
    pub(super) level: Level,
    pub(super) modules: BTreeMap<String, Level>,
    /// stderr if there is none.
    pub(super) writer: Option<Box<dyn Write + Send>>,
    /// Read by `init`, so that all errors are returned in one place.
    pub(super) directives: Vec<String>,
    pub(super) env: Option<String>,
}

impl Config {
    /// The logs of the service with this name. Each record contains it as `service.name`.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            format: Format::default(),
            level: Level::Info,
            modules: BTreeMap::new(),
            writer: None,
            directives: Vec::new(),
            env: Some("RUST_LOG".to_owned()),
        }
    }

    /// The level of all modules that have no level of their own.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The level of all modules whose name begins with this text: `shop::storage`, or `hyper`, which includes `hyper_util`.
    /// The longest match applies.
    pub fn module(mut self, module: impl Into<String>, level: Level) -> Self {
        self.modules.insert(module.into(), level);
        self
    }

    /// Levels as text, for example from a file or an argument: `info,shop::storage=debug,hyper=warn`.
    pub fn directives(mut self, text: impl Into<String>) -> Self {
        self.directives.push(text.into());
        self
    }

    /// The environment variable whose directives override this configuration; `RUST_LOG` by default, `None` for none. A
    /// level alone replaces the default level and keeps the modules; `module=level` replaces or adds the level of that
    /// module. An empty variable changes nothing.
    pub fn env<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.env = name.into().map(str::to_owned);
        self
    }

    /// The format of the logs.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Where the logs are written, instead of stderr. A record that cannot be written is lost.
    ///
    /// With [`init`](super::init), a thread of its own writes, so that a reader that stalls holds up nobody; with
    /// [`init_here`](super::init_here), each record is written immediately.
    pub fn writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Some(Box::new(writer));
        self
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
