//! [`Registry::run`] and [`Builder::signals`]: SIGTERM and ctrl-c shut a registry down.

use std::io;
use std::sync::Arc;

use super::assembly::ShutDownOnSignals;
use super::builder::Builder;
use super::registry::Registry;
use crate::report::{RunError, ShutdownReport};
use crate::signals::Signals;

impl Registry {
    /// Runs until SIGTERM or ctrl-c arrives or a shutdown is requested, then shuts down and returns the report. A second signal
    /// ends the process immediately, with the exit code 128 plus the number of the signal. Afterwards, signals have their
    /// default effect again.
    ///
    /// A signal that arrives after the boot and before this call shuts the registry down only if its builder has
    /// [`signals(true)`](Builder::signals).
    ///
    /// ```no_run
    /// use service_core::Registry;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().signals(true).boot().await?;
    /// let report = registry.run().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the signal handlers cannot be installed, or the shutdown is not clean. Immediately, if called from inside; see
    /// [`stopped`](Self::stopped).
    pub async fn run(&self) -> Result<ShutdownReport, RunError> {
        self.can_wait()?;
        if self.shared().has_ended() {
            // Nothing is left to stop, so a signal keeps its default effect.
            return Ok(self.wind_up().await?);
        }
        let signals = Signals::listen().map_err(|error| RunError::Signals(Arc::new(error)))?;
        self.shut_down_on(signals);
        Ok(self.wind_up().await?)
    }

    /// Lets signals shut this registry down.
    fn shut_down_on(&self, signals: Signals) {
        let shared = Arc::downgrade(self.shared());
        let shut_down = move |reason| {
            if let Some(shared) = shared.upgrade() {
                shared.request_shutdown(reason);
            }
        };
        let thread = signals.react(shut_down, self.shared().options.second_signal_exits);
        self.shared().owned_tasks.at_end(thread.end());
    }
}

impl Builder {
    /// Whether the registry reacts to SIGTERM and ctrl-c, from before the first `init`; `false` by default. A signal during the
    /// boot rolls it back, and a later one shuts the registry down. A second signal ends the process immediately.
    ///
    /// ```
    /// let builder = service_core::Registry::builder().signals(true);
    /// # let _ = builder;
    /// ```
    pub fn signals(mut self, listen: bool) -> Self {
        self.assembly.signals = listen.then_some(self::listen);
        self
    }

    /// Whether a second signal during the shutdown exits the process immediately, with the exit code 128 plus the number of the
    /// signal; `true` by default. Otherwise it has no effect, and only the budgets end the shutdown.
    ///
    /// ```
    /// let builder = service_core::Registry::builder().signals(true).second_signal_exits(false);
    /// # let _ = builder;
    /// ```
    pub fn second_signal_exits(mut self, exits: bool) -> Self {
        self.assembly.options.second_signal_exits = exits;
        self
    }
}

fn listen() -> io::Result<ShutDownOnSignals> {
    let signals = Signals::listen()?;
    Ok(Box::new(|registry| registry.shut_down_on(signals)))
}
