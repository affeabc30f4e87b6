//! The ways to a [`Registry`]: boot the process's, build one, or find the current one.

use super::assembly::Assembly;
use super::builder::Builder;
use super::process;
use super::registry::Registry;
use crate::report::BootError;
use crate::shared::{self, registries};

impl Registry {
    /// Returns the registry on whose behalf this code runs: in its hooks, tasks, guarded calls and scopes; elsewhere, the
    /// process's registry. `None` if there is none, or its last handle was dropped.
    ///
    /// A service that keeps the handle prevents its registry from being shut down when all other handles are dropped.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.scope(async { Registry::current() }).await.is_some());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn current() -> Option<Self> {
        let Some(shared) = registries::current() else { return process::existing() };
        Self::of(&shared)
    }

    /// Boots the process's registry with every service that is linked in, in dependency order, concurrently where the graph
    /// allows.
    ///
    /// Every call, also a concurrent one, returns the same registry. After a shutdown, or if its runtime has ended, a call boots
    /// a new one. (The first use of a service after a shutdown does not; it is refused.)
    ///
    /// If the environment variable `SERVICE_GRAPH` is `text`, `dot`, `mermaid` or `json`, this prints the plan and exits the
    /// process before any `init`: with code 0, with 1 if the plan is unsound, with 2 if the value is unknown.
    ///
    /// ```no_run
    /// use service_core::Registry;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::boot().await?;
    /// println!("{}", registry.report());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the plan is unsound, or a service that is not optional fails or is blocked. Every service that had started is stopped
    /// before this returns.
    pub async fn boot() -> Result<Self, BootError> {
        loop {
            let (registry, _) = process::existing_or(|| Assembly::default().prepare("Registry::boot()".to_owned()))?;
            if registry.shared().is_shutting_down() {
                registry.shared().ended().await;
                continue;
            }
            return shared::boot(registry.shared()).await.map(|()| registry);
        }
    }

    /// Returns a builder for a registry with other options, with a part of the services, or with supplied and replaced values.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.is_ready());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// From now on, the first use of a service does not boot the process's registry, but is refused. `Registry::boot()` is not
    /// affected.
    ///
    /// ```no_run
    /// service_core::Registry::deny_lazy_boot();
    /// ```
    pub fn deny_lazy_boot() {
        process::deny_lazy_boot();
    }
}
