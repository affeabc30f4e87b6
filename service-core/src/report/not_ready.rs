//! [`NotReady`]: why a guarded call or a lookup was refused.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Failure, ShutdownReason, State, lasted};

/// Why a guarded call or the lookup of a service was refused: which service, in which state, and for what reason.
///
/// A guarded method that returns `Result<_, E>` passes this to `E::from`.
#[derive(Clone, PartialEq, Eq)]
pub struct NotReady {
    // One word, because every guarded method returns a result that has room for it.
    inner: Arc<NotReadyData>,
}

#[derive(PartialEq, Eq)]
struct NotReadyData {
    service: Arc<str>,
    state: State,
    cause: RefusalCause,
}

/// What a refusal says about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusalCause {
    pub refusal: Refusal,
    /// Set if the registry shuts down, or has shut down.
    pub shutdown: Option<ShutdownCause>,
}

/// Why a registry shuts down, as its refusals say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShutdownCause {
    pub reason: ShutdownReason,
    /// The failure that its boot or the service could not recover from.
    pub failure: Option<Failure>,
}

impl From<Refusal> for RefusalCause {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, shutdown: None }
    }
}

impl From<ShutdownCause> for RefusalCause {
    fn from(shutdown: ShutdownCause) -> Self {
        Self { refusal: Refusal::State, shutdown: Some(shutdown) }
    }
}

/// The reason for a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The state itself: the service is not ready yet, or no longer. If the registry shuts down,
    /// [`NotReady::shutdown_reason`] says why.
    State,
    /// The service failed.
    Failed(Failure),
    /// The service is being restarted. A call that waits gets the new instance.
    Restarting,
    /// The method was called on an instance that a restart has replaced.
    Replaced,
    /// A service that it requires failed.
    #[non_exhaustive]
    Blocked {
        /// The name of the service that failed.
        by: String,
        /// Its failure.
        failure: Failure,
    },
    /// The service did not become ready within this time.
    WaitedFor(Duration),
    /// The maximum number of calls, this many, already waits for the service.
    Overloaded(usize),
    /// The wait would complete a cycle, which is listed by name. `task t of A` stands for a task that `A` waits for in its
    /// `init`.
    Cycle(Vec<String>),
    /// The service of this name called it in its start without declaring it, and `deny_undeclared()` forbids that.
    Undeclared(Arc<str>),
    /// No registry is booted, and a boot on first use is not allowed here, for this reason.
    NoRegistry(&'static str),
    /// The registry does not have this service.
    Unregistered,
    /// The service is lazy, and nothing has started it yet.
    Lazy,
    /// The service is declared `given`, was not given, and has no `init` that could make its value.
    NotGiven,
    /// The service is ready, but its value is not of this type.
    OtherType(&'static str),
    /// The registry shuts down, so the service does not restart.
    ShuttingDown,
    /// A restart was requested by code of the service of this name, which has to stop first: it would wait for itself.
    StopsCaller(Arc<str>),
    /// The first use could not boot the registry, for this reason.
    Boot(Arc<str>),
}

impl NotReady {
    pub(crate) fn new(service: impl Into<Arc<str>>, state: State, cause: impl Into<RefusalCause>) -> Self {
        Self { inner: Arc::new(NotReadyData { service: service.into(), state, cause: cause.into() }) }
    }

    pub(crate) fn whole_cause(&self) -> &RefusalCause {
        &self.inner.cause
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.inner.service
    }

    /// The state it was in.
    pub fn state(&self) -> State {
        self.inner.state
    }

    /// The reason for a refusal.
    pub fn cause(&self) -> &Refusal {
        &self.inner.cause.refusal
    }

    /// Why the registry shuts down, or has shut down, if the service is refused for that. If its boot failed, or the service
    /// was to recover from a failure, the [`source()`](Error::source) of this error is the failure.
    ///
    /// ```
    /// use service_core::{Context, Lifecycle, Registry, Result, ShutdownReason, service};
    ///
    /// #[service]
    /// struct Users;
    ///
    /// impl Lifecycle for Users {
    ///     async fn init(_cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let registry = Registry::builder().isolated().only::<Users>().boot().await?;
    /// registry.request_shutdown("maintenance");
    /// registry.stopped().await?;
    /// let refusal = registry.get::<Users>().err().expect("it is down");
    /// assert_eq!(refusal.shutdown_reason(), Some(&ShutdownReason::from("maintenance")));
    /// assert!(refusal.to_string().ends_with("Users is not ready: it is stopped: maintenance"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_reason(&self) -> Option<&ShutdownReason> {
        self.inner.cause.shutdown.as_ref().map(|shutdown| &shutdown.reason)
    }
}

/// Whether a service waits for itself, without another one in between.
fn is_alone(cycle: &[String]) -> bool {
    matches!(cycle, [first, last] if first == last)
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotReadyData { service, state, cause } = &*self.inner;
        if let Some(ShutdownCause { reason, failure }) = &cause.shutdown {
            write!(f, "{service} is not ready: it is {state}: {reason}")?;
            return failure.as_ref().map_or(Ok(()), |failure| write!(f, ": {failure}"));
        }
        match &cause.refusal {
            Refusal::State => match state {
                State::Idle => write!(f, "{service} is not ready: nothing has booted it; call Registry::boot() first"),
                _ => write!(f, "{service} is not ready: it is {state}"),
            },
            Refusal::Restarting => write!(f, "{service} is not ready: it is restarting"),
            Refusal::Replaced => write!(
                f,
                "this instance of {service} was replaced when it was restarted; {service}::service() hands out the new one"
            ),
            Refusal::Failed(failure) => write!(f, "{service} is not ready: {failure}"),
            Refusal::Blocked { by, failure } => write!(f, "{service} is not ready: it is blocked by {by}: {failure}"),
            Refusal::WaitedFor(time) => {
                write!(
                    f,
                    "{service} is not ready: still {state} after waiting {:?}, the `wait` of this call",
                    lasted(*time)
                )
            }
            Refusal::Overloaded(limit) => write!(f, "{service} is not ready: {limit} calls already wait for it"),
            Refusal::Cycle(path) if is_alone(path) => write!(
                f,
                "{service} is not ready: this call is made in its own start, so it would wait for itself; call a method without `#[guarded]`, or make the call in a task"
            ),
            Refusal::Cycle(path) => write!(
                f,
                "{service} is not ready and never would be: {}; declare the order with `requires`, or let one of these waits begin later than init",
                cycle_text(path)
            ),
            Refusal::Undeclared(by) => write!(
                f,
                "{service} may not be called by {by} while that starts: nothing declares it, and deny_undeclared() forbids it; add `{service}` to its `requires`"
            ),
            Refusal::NoRegistry(why) => write!(f, "{service} is not ready: {why}"),
            Refusal::Unregistered => write!(
                f,
                "{service} is not a service of this registry; annotate it with #[service]; where only a part is booted, let a part of that require it, or name it on the builder, `.with::<…>()`; and if it lives in another crate, name that crate: `use that_crate as _;`"
            ),
            Refusal::Lazy => write!(
                f,
                "{service} is not ready: it is lazy, and nothing has started it yet; await a guarded call or `Registry::wait_ready`, or let a service that is booted require it"
            ),
            Refusal::NotGiven => {
                write!(f, "{service} is not ready: it was not given; hand it over with `.give(…)` on the builder")
            }
            Refusal::OtherType(asked) => write!(f, "{service} is up, but it is no {asked}; ask for it by its own type"),
            Refusal::ShuttingDown => write!(f, "{service} does not restart: its registry shuts down"),
            Refusal::StopsCaller(caller) => write!(
                f,
                "{service} does not restart: {caller} requested it and has to stop first, so it would wait for itself; request it from outside of {caller}, or call `cx.fail(…)`"
            ),
            Refusal::Boot(why) => write!(f, "{service} is not ready: its first use could not boot it: {why}"),
        }
    }
}

/// `A waits for B, which waits for A`.
fn cycle_text(path: &[String]) -> String {
    match path.split_first() {
        Some((first, rest)) => format!("{first} waits for {}", rest.join(", which waits for ")),
        None => String::new(),
    }
}

impl fmt::Debug for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for NotReady {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.inner.cause {
            RefusalCause { shutdown: Some(shutdown), .. } => shutdown.failure.as_ref().map(|failure| failure as _),
            RefusalCause { refusal: Refusal::Failed(failure) | Refusal::Blocked { failure, .. }, .. } => Some(failure),
            RefusalCause { .. } => None,
        }
    }
}
