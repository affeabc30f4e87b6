//! [`Failure`]: an error, a panic or a timeout in one service.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::duration_text::lasted;
use super::location::Location;
use super::result::BoxError;

/// What a service was doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// In `init`.
    Init,
    /// In `start`.
    Start,
    /// In a `health`: the first one, which decides whether the service becomes ready, or a later one.
    Health,
    /// Ready and in operation: it reported with [`Context::fail`](crate::Context::fail) that it is broken.
    Operation,
    /// Waiting for admitted guarded calls.
    Drain,
    /// Joining its tasks.
    Tasks,
    /// In the background task of this name.
    Task(Arc<str>),
    /// In `shutdown`.
    Shutdown,
    /// In a deferred cleanup.
    Cleanup,
}

impl Phase {
    /// The name of the budget that limits this phase of a service. The first `health` is a part of the start.
    fn budget(&self) -> &'static str {
        match self {
            Self::Init | Self::Start | Self::Health | Self::Operation => "init_timeout",
            Self::Drain | Self::Tasks | Self::Task(_) => "drain_timeout",
            Self::Shutdown | Self::Cleanup => "shutdown_timeout",
        }
    }

    /// Whether the service was not ready yet.
    pub(crate) fn is_start(&self) -> bool {
        matches!(self, Self::Init | Self::Start | Self::Health)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init => f.write_str("init"),
            Self::Start => f.write_str("start"),
            Self::Health => f.write_str("health"),
            Self::Operation => f.write_str("the operation"),
            Self::Drain => f.write_str("drain"),
            Self::Tasks => f.write_str("joining the tasks"),
            Self::Task(name) => write!(f, "task {name}"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Cleanup => f.write_str("a cleanup"),
        }
    }
}

/// An error, a panic or a timeout in one service: which service, in which phase, after how long, and why.
///
/// [`source()`](Error::source) is the user's own error, so it can be downcast.
#[derive(Clone)]
pub struct Failure {
    inner: Arc<FailureData>,
}

#[derive(Clone)]
struct FailureData {
    service: String,
    location: Location,
    phase: Phase,
    elapsed: Duration,
    path: Vec<String>,
    /// What is to be said about the attempts of the start; empty if it may be tried only once.
    attempts: String,
    cause: Arc<Cause>,
}

enum Cause {
    Error(UserError),
    Panic(String),
    TimedOut { detail: String, budget: Budget },
}

/// The budget that ran out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    /// The service's own budget for the phase.
    OfService,
    /// The share of the service in the budget for the shutdown of the whole registry.
    OfShutdown,
}

/// An error of the user's, with its text. The text is formatted once, because `Display` is user code: it may panic or block.
pub(crate) struct UserError {
    error: BoxError,
    text: String,
}

impl From<BoxError> for UserError {
    fn from(error: BoxError) -> Self {
        let text = words(&*error);
        Self { error, text }
    }
}

impl Cause {
    fn text(&self) -> &str {
        match self {
            Self::Error(UserError { text, .. }) | Self::Panic(text) | Self::TimedOut { detail: text, .. } => text,
        }
    }
}

impl Failure {
    fn new(service: &str, location: Location, phase: Phase, elapsed: Duration, cause: Cause) -> Self {
        let inner = FailureData {
            service: service.to_owned(),
            location,
            phase,
            elapsed,
            path: Vec::new(),
            attempts: String::new(),
            cause: Arc::new(cause),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The hook returned an error.
    pub(crate) fn error(
        service: &str,
        location: Location,
        phase: Phase,
        elapsed: Duration,
        error: impl Into<UserError>,
    ) -> Self {
        Self::new(service, location, phase, elapsed, Cause::Error(error.into()))
    }

    /// The hook panicked, with this message.
    pub(crate) fn panic(service: &str, location: Location, phase: Phase, elapsed: Duration, message: String) -> Self {
        Self::new(service, location, phase, elapsed, Cause::Panic(message))
    }

    /// This budget ran out. `detail` describes what the service was waiting for, or is empty.
    pub(crate) fn timed_out(
        service: &str,
        location: Location,
        phase: Phase,
        elapsed: Duration,
        (budget, detail): (Budget, String),
    ) -> Self {
        Self::new(service, location, phase, elapsed, Cause::TimedOut { detail, budget })
    }

    /// The same failure, with the path from the service that needed this one.
    pub(crate) fn with_path(mut self, path: Vec<String>) -> Self {
        Arc::make_mut(&mut self.inner).path = path;
        self
    }

    /// The same failure, of the last attempt of so many that are allowed. `before` is the failure of the attempt before it,
    /// if this one says too little.
    pub(crate) fn with_attempts(mut self, made: u32, allowed: u32, out_of_budget: bool, before: Option<&Self>) -> Self {
        let mut attempts = match out_of_budget || self.is_timeout() {
            true => format!("; attempt {made} of {allowed}"),
            false => format!("; tried {made} times"),
        };
        if out_of_budget {
            attempts.push_str(", and the budget of the start leaves no time for another");
        }
        if let Some(before) = before {
            let _ = write!(attempts, "; the attempt before: {}", before.inner.cause.text());
        }
        Arc::make_mut(&mut self.inner).attempts = attempts;
        self
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.inner.service
    }

    /// Where the service is declared.
    pub fn location(&self) -> Location {
        self.inner.location
    }

    /// What it was doing.
    pub fn phase(&self) -> &Phase {
        &self.inner.phase
    }

    /// How long that phase had lasted.
    pub fn elapsed(&self) -> Duration {
        self.inner.elapsed
    }

    /// The path from a service that nothing requires to this one: `["Users", "Cache", "Db"]`.
    pub fn path(&self) -> &[String] {
        &self.inner.path
    }

    /// Whether a budget ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(&*self.inner.cause, Cause::TimedOut { .. })
    }

    /// The text of the error and its sources, the message of the panic, or what the timeout was waiting for.
    #[cfg(feature = "serde")]
    pub(crate) fn text(&self) -> &str {
        self.inner.cause.text()
    }

    /// `panic`, `timeout` or `error`.
    pub(crate) fn kind(&self) -> &'static str {
        match &*self.inner.cause {
            Cause::Panic(_) => "panic",
            Cause::TimedOut { .. } => "timeout",
            _ => "error",
        }
    }

    /// The message of the panic, if it was one.
    pub fn panic_message(&self) -> Option<&str> {
        match &*self.inner.cause {
            Cause::Panic(message) => Some(message),
            _ => None,
        }
    }
}

/// How many sources of an error are part of its text. A chain may be endless: an error may be its own source.
const MAX_SOURCES: usize = 32;

/// The text of an error and its sources. A source whose text is already part of it is left out.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut words = String::new();
    let spoken = catch_unwind(AssertUnwindSafe(|| {
        write!(words, "{error}")?;
        let first: Option<&dyn Error> = error.source();
        let sources = iter::successors(first, |cause: &&dyn Error| (*cause).source());
        for cause in sources.take(MAX_SOURCES) {
            let mut more = String::new();
            write!(more, "{cause}")?;
            if !words.contains(&more) {
                write!(words, ": {more}")?;
            }
        }
        fmt::Result::Ok(())
    }));
    match spoken {
        Ok(Ok(())) => {}
        Ok(Err(fmt::Error)) => words.push_str("(its Display failed)"),
        Err(payload) => {
            // It may panic when it is dropped.
            std::mem::forget(payload);
            words.push_str("(its Display panicked)");
        }
    }
    words
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailureData { service, location, phase, elapsed, path, attempts, cause } = &*self.inner;
        let elapsed = lasted(*elapsed);
        match &**cause {
            Cause::Error(UserError { text, .. }) => write!(f, "{phase} of {service} failed after {elapsed:?}: {text}")?,
            Cause::Panic(message) => write!(f, "{phase} of {service} panicked after {elapsed:?}: {message}")?,
            Cause::TimedOut { detail, budget } => {
                write!(f, "{phase} of {service} did not end within {elapsed:?}")?;
                if !detail.is_empty() {
                    write!(f, ": {detail}")?;
                }
                match budget {
                    Budget::OfService => write!(f, "; if it needs longer, raise its `{}`", phase.budget())?,
                    Budget::OfShutdown => {
                        f.write_str("; if it needs longer, raise the `shutdown_timeout` of the registry")?;
                    }
                }
            }
        }
        write!(f, "{attempts} ({location}")?;
        if path.len() > 1 {
            write!(f, ", needed by {}", shortened(&path[..path.len() - 1]))?;
        }
        f.write_str(")")
    }
}

/// A long path is shortened to its first and last services.
fn shortened(path: &[String]) -> String {
    const ENDS: usize = 4;
    match path.len().checked_sub(2 * ENDS) {
        None | Some(0 | 1) => path.join(" → "),
        Some(more) => {
            let (first, last) = (&path[..ENDS], &path[path.len() - ENDS..]);
            format!("{} → … {more} more … → {}", first.join(" → "), last.join(" → "))
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two failures are equal if they have the same service, location, phase, duration, path and attempts, and their causes are
/// of the same kind and have the same text.
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.inner, &*other.inner);
        let is_same_place = a.service == b.service && a.location == b.location && a.path == b.path;
        let is_same_time = a.phase == b.phase && a.elapsed == b.elapsed;
        let is_same_cause = self.kind() == other.kind() && a.cause.text() == b.cause.text();
        is_same_place && is_same_time && is_same_cause && a.attempts == b.attempts
    }
}

impl Eq for Failure {}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.inner.cause {
            Cause::Error(UserError { error, .. }) => Some(&**error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_path_is_shortened_to_its_ends() {
        let way = |services: usize| shortened(&(1..=services).map(|at| at.to_string()).collect::<Vec<_>>());
        assert_eq!(way(3), "1 → 2 → 3");
        assert_eq!(way(9), "1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 9");
        assert_eq!(way(3_000), "1 → 2 → 3 → 4 → … 2992 more … → 2997 → 2998 → 2999 → 3000");
    }
}
