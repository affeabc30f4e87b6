//! The ways to a [`Registry`]: boot the process's, launch it as a whole program, build one, or find the current one.

use std::process::ExitCode;

use super::assembly::Assembly;
use super::builder::Builder;
use super::process;
use super::registry::Registry;
use super::service_graph::print_graph_and_leave_if_asked;
use crate::base::stderr;
use crate::report::BootError;
use crate::shared::{self, registries};

impl Registry {
    /// The registry that this code runs on behalf of: inside its hooks, tasks, guarded calls and scopes; elsewhere the
    /// process's. `None` where there is none, or where nobody holds it any more.
    ///
    /// A service that keeps it keeps its own registry from being dropped; that matters only to one that is not shut down.
    pub fn current() -> Option<Self> {
        let Some(shared) = registries::current() else { return process::existing() };
        Self::of(&shared)
    }

    /// Boots the process's registry: every service that is linked in, in dependency order, concurrently where the graph
    /// allows. Booting twice, also at the same moment, gives the same one; after a shutdown, or when the runtime it
    /// lived on is gone, it boots afresh. (To use a service after a shutdown does not: that is refused.)
    ///
    /// With `SERVICE_GRAPH=text|dot|mermaid|json` in the environment it prints the plan instead, and leaves the process
    /// before any `init`: with 0, with 1 if the plan is unsound, with 2 if the word is unknown.
    ///
    /// # Errors
    /// If the plan is unsound, or a service that is not optional fails or is blocked. Everything that came up is down
    /// again by then.
    pub async fn boot() -> Result<Self, BootError> {
        print_graph_and_leave_if_asked();
        loop {
            let (registry, _) = process::existing_or(|| Assembly::default().prepare("Registry::boot()".to_owned()))?;
            if registry.shared().is_leaving() {
                registry.shared().ended().await;
                continue;
            }
            return shared::boot(registry.shared()).await.map(|()| registry);
        }
    }

    /// The whole `main` of a service process: boots with SIGTERM and ctrl-c listened for from before the first `init`,
    /// runs until one arrives or somebody requests the shutdown, shuts down, and prints what went wrong to stderr.
    ///
    /// Leaves 0 after a clean run, 1 after a failed boot, 2 after a shutdown with errors; a second signal leaves at once
    /// with 128 and the signal's number. With the feature `systemd`, systemd is told where `NOTIFY_SOCKET` is set.
    ///
    /// It returns to `main`, where the runtime waits for threads that a task or hook still blocks; the report names it.
    /// Who cannot wait for that leaves with `std::process::exit` instead.
    ///
    /// ```no_run
    /// # use service_core::Registry;
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     Registry::launch().await
    /// }
    /// ```
    pub async fn launch() -> ExitCode {
        print_graph_and_leave_if_asked();
        let builder = Self::builder().signals(true);
        #[cfg(feature = "systemd")]
        let builder = builder.systemd(crate::systemd::Systemd::from_env());
        let registry = match builder.boot().await {
            Ok(registry) => registry,
            Err(error) => {
                stderr::tell(&error);
                return ExitCode::from(1);
            }
        };
        match registry.wind_up().await {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                stderr::tell(&error);
                ExitCode::from(2)
            }
        }
    }

    /// Puts together a registry: part of what is linked in, with values given and services replaced.
    #[track_caller]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Forbids that the first use of a service boots the process's registry. `Registry::boot()` is not affected.
    pub fn deny_lazy_boot() {
        process::deny_lazy_boot();
    }
}
