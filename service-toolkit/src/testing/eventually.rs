use std::fmt::Debug;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How often a condition is checked.
const INTERVAL: Duration = Duration::from_millis(1);

/// Waits until a condition is met, and panics if that takes too long.
///
/// The condition is a `bool`, or an `Option` or a `Result` whose value is returned. It is checked immediately, then every millisecond on
/// tokio's clock, and once more at the end of the time. Where the code under test has something to wait for, such as
/// [`Mock::called`](super::Mock::called), wait for that.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use service_toolkit::testing::eventually;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let writer = log.clone();
/// tokio::spawn(async move { writer.lock().unwrap().push("started") });
/// let first = eventually(Duration::from_millis(100), || log.lock().unwrap().first().copied()).await;
/// assert_eq!(first, "started");
/// # }
/// ```
///
/// # Panics
///
/// If the condition is not met in this time. The message has the place of the call and the last error of a `Result`.
#[track_caller]
pub fn eventually<C: Condition>(within: Duration, condition: impl FnMut() -> C) -> impl Future<Output = C::Value> {
    wait("the condition", within, condition, Location::caller())
}

pub(super) async fn wait<C: Condition>(
    what: &str,
    within: Duration,
    mut condition: impl FnMut() -> C,
    place: &'static Location<'static>,
) -> C::Value {
    let begin = Instant::now();
    loop {
        let late = begin.elapsed() >= within;
        match condition().value() {
            Ok(value) => return value,
            Err(why) if late => panic!("{what} at {place} was not met within {within:?}{why}"),
            Err(_) => sleep_until(Instant::now() + INTERVAL.min(within.saturating_sub(begin.elapsed()))).await,
        }
    }
}

/// What the condition of [`eventually`] may return: a `bool`, an `Option` or a `Result`.
pub trait Condition {
    /// What is returned once the condition is met.
    type Value;

    /// The value, or what the message adds to say why there is none.
    ///
    /// # Errors
    ///
    /// If the condition is not met.
    fn value(self) -> Result<Self::Value, String>;
}

impl Condition for bool {
    type Value = ();

    fn value(self) -> Result<(), String> {
        if self { Ok(()) } else { Err(String::new()) }
    }
}

impl<T> Condition for Option<T> {
    type Value = T;

    fn value(self) -> Result<T, String> {
        self.ok_or_else(String::new)
    }
}

impl<T, E: Debug> Condition for Result<T, E> {
    type Value = T;

    fn value(self) -> Result<T, String> {
        self.map_err(|error| format!(": {error:?}"))
    }
}
