use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use super::eventually::wait;

/// Finds values and tasks that are alive after the shutdown of what owned them.
///
/// The check begins before the boot, so that it knows how many tasks were there. It watches values through [`Weak`] pointers, which
/// keep nothing alive.
///
/// ```
/// use std::time::Duration;
/// use service_core::{Registry, Result, service};
/// use service_toolkit::testing::LeakCheck;
///
/// #[service]
/// struct Users;
///
/// # impl service_core::Lifecycle for Users {
/// #     async fn init(_cx: &service_core::Context<Self>) -> Result<Self> { Ok(Self) }
/// # }
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<()> {
///     let mut leaks = LeakCheck::begin();
///     let registry = Registry::builder().isolated().boot().await?;
///     leaks.watch("Users", &registry.get::<Users>()?);
///     registry.shutdown().await?;
///     drop(registry);
///     leaks.end(Duration::from_secs(1)).await;
///     Ok(())
/// }
/// ```
pub struct LeakCheck {
    runtime: Handle,
    tasks: usize,
    values: Vec<(Arc<str>, Weak<dyn Any + Send + Sync>)>,
}

impl LeakCheck {
    /// Counts the tasks of the runtime of the test.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn begin() -> Self {
        let runtime = Handle::current();
        Self { tasks: runtime.metrics().num_alive_tasks(), runtime, values: Vec::new() }
    }

    /// Watches a value that should be gone at the end.
    pub fn watch<T: Send + Sync + 'static>(&mut self, name: impl Into<Arc<str>>, value: &Arc<T>) {
        let value: Weak<T> = Arc::downgrade(value);
        self.values.push((name.into(), value));
    }

    /// What is alive now: each value with the number of its owners, and the number of tasks that were not there at the beginning.
    #[must_use]
    pub fn alive(&self) -> Vec<String> {
        let values = self.values.iter().filter_map(|(name, value)| match value.strong_count() {
            0 => None,
            owners => Some(format!("{name} (owners: {owners})")),
        });
        let tasks = self.runtime.metrics().num_alive_tasks().saturating_sub(self.tasks);
        values.chain((tasks > 0).then(|| format!("tasks: {tasks}"))).collect()
    }

    /// Waits until no watched value and no new task is alive. What a shutdown has ended may take a moment until it is gone.
    ///
    /// # Panics
    ///
    /// If something is alive after this time. The message lists it.
    #[track_caller]
    pub fn end(self, within: Duration) -> impl Future<Output = ()> {
        let nothing_alive = move || Some(self.alive()).filter(|alive| !alive.is_empty()).map_or(Ok(()), Err);
        wait("the leak check", within, nothing_alive, Location::caller())
    }
}

impl fmt::Debug for LeakCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeakCheck").field("alive", &self.alive()).finish_non_exhaustive()
    }
}
