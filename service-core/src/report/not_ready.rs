//! [`NotReady`]: why a guarded call, or a look-up, was refused.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Failure, State, lasted};

/// Why a guarded call, or a look-up of a service, was refused: which service, in what state, and why.
///
/// A guarded method that returns `Result<_, E>` hands this to `E::from`.
#[derive(Clone)]
pub struct NotReady {
    // One word, because every guarded method returns a result that has room for it.
    inner: Arc<Inner>,
}

struct Inner {
    service: Arc<str>,
    state: State,
    cause: Refusal,
}

/// What stood in the way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The state alone says it: it is not up yet, or no longer.
    State,
    /// It failed.
    Failed(Failure),
    /// It goes down only to come up again; whoever may wait gets the new instance.
    Restarting,
    /// The value it was called on is not its instance any more: a restart has replaced it.
    Replaced,
    /// Something it requires failed: that one's name, and how.
    Blocked(String, Failure),
    /// It did not come up within this time.
    WaitedFor(Duration),
    /// As many calls as may wait at once already do.
    Overloaded(usize),
    /// A service was waited for by something that it is itself waiting for: the whole way round, by name; `task t of A` for a
    /// task that `A` waits for in its `init`.
    Cycle(Vec<String>),
    /// The service of this name called it in its `init` without declaring that, and the registry denies it.
    Undeclared(Arc<str>),
    /// No registry is booted, and a lazy boot is not allowed here; why.
    NoRegistry(&'static str),
    /// The registry that is meant does not have this service.
    Unregistered,
    /// It is up, but its value is not of this type.
    OtherType(&'static str),
    /// The first use tried to boot it, and could not even begin; why.
    Boot(Arc<str>),
}

impl NotReady {
    pub(crate) fn new(service: impl Into<Arc<str>>, state: State, cause: Refusal) -> Self {
        Self { inner: Arc::new(Inner { service: service.into(), state, cause }) }
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.inner.service
    }

    /// The state it was in.
    pub fn state(&self) -> State {
        self.inner.state
    }

    /// What stood in the way.
    pub fn cause(&self) -> &Refusal {
        &self.inner.cause
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { service, state, cause } = &*self.inner;
        match cause {
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
            Refusal::Blocked(by, failure) => write!(f, "{service} is not ready: it is blocked by {by}: {failure}"),
            Refusal::WaitedFor(time) => {
                write!(f, "{service} is not ready: still {state} after waiting {:?}", lasted(*time))
            }
            Refusal::Overloaded(limit) => write!(f, "{service} is not ready: {limit} calls already wait for it"),
            Refusal::Cycle(path) => write!(
                f,
                "{service} is not ready and never would be: {}; declare the order with `requires`, or let one of these waits begin later than init",
                way_round(path)
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
            Refusal::OtherType(asked) => write!(f, "{service} is up, but it is no {asked}; ask for it by its own type"),
            Refusal::Boot(why) => write!(f, "{service} is not ready: its first use could not boot it: {why}"),
        }
    }
}

/// `A waits for B, which waits for A`.
fn way_round(path: &[String]) -> String {
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
            Refusal::Failed(failure) | Refusal::Blocked(_, failure) => Some(failure),
            _ => None,
        }
    }
}
