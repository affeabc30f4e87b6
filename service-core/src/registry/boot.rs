//! The ways to a [`Registry`]: boot the process's, launch it as a whole program, build one, or find the current one.

use std::process::ExitCode;

use super::assembly::Assembly;
use super::builder::Builder;
use super::process;
use super::registry::Registry;
use crate::base::stderr;
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

    /// The whole `main` of a service process: boots with SIGTERM and ctrl-c listened for from before the first `init`,
    /// runs until one arrives or somebody requests the shutdown, shuts down, and prints what went wrong to stderr.
    ///
    /// The exit code is 0 after a clean run, 1 after a failed boot, 2 after a shutdown with errors. A second signal exits the
    /// process at once with 128 and the signal's number. With the feature `systemd`, systemd is notified if `NOTIFY_SOCKET`
    /// is set.
    ///
    /// It returns to `main`, where the runtime waits for threads that a task or hook still blocks; the report names it.
    /// If that wait is too long for you, call [`std::process::exit`] in `main`.
    ///
    /// ```no_run
    /// # use service_core::Registry;
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     Registry::launch().await
    /// }
    /// ```
    pub async fn launch() -> ExitCode {
        let builder = Self::builder().signals(true);
        #[cfg(feature = "systemd")]
        let builder = builder.systemd(crate::systemd::Systemd::from_env());
        let registry = match builder.boot().await {
            Ok(registry) => registry,
            Err(error) => {
                stderr::print_line(&error);
                return ExitCode::from(1);
            }
        };
        match registry.wind_up().await {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                stderr::print_line(&error);
                ExitCode::from(2)
            }
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
