//! The whole `main` of a service process: [`Registry::launch`] and [`Builder::launch`].

use std::process::ExitCode;

use super::builder::Builder;
use super::exit_watch;
use super::registry::Registry;
use super::stderr_log;
use crate::base::{State, lasted, stderr};
use crate::events;
use crate::report::exit_code::SHUTDOWN_FAILED;
use crate::report::{BootReport, ShutdownReport};

/// A clean run, and yet a thread does not let the process end.
const THREAD_BLOCKED: u8 = 3;

impl Registry {
    /// The whole `main` of a service process: boots with SIGTERM and ctrl-c listened for from before the first `init`,
    /// runs until one arrives or somebody requests the shutdown, shuts down, and prints what went wrong to stderr.
    /// [`Builder::launch`] does the same for a program with a configuration.
    ///
    /// | exit code | when |
    /// |---|---|
    /// | 0 | after a clean run |
    /// | 1 | after a failed boot |
    /// | 2 | after a shutdown with errors |
    /// | 3 | after a clean run, if a thread still blocks the end of the process |
    /// | 4 | after a boot that a signal or the program stopped, and a clean rollback |
    /// | 78 | after a boot that failed with a [`BadConfiguration`](crate::error::BadConfiguration) |
    /// | 128 + number | at a second signal, immediately |
    ///
    /// A program without a service is most likely one that does not name the library with its services, so it prints that. If no
    /// `tracing` subscriber is set, it prints a line to stderr when the registry is ready, and each failure when it
    /// occurs. It always prints a failed boot, an unclean shutdown, and the services whose instance is still referenced after
    /// the shutdown. With the feature `systemd`, systemd is notified if `NOTIFY_SOCKET` is set.
    ///
    /// It returns to `main`, and code after it runs as usual. When `main` has returned, the runtime waits for threads that are
    /// still blocked: by `spawn_blocking`, by a read of `tokio::io::stdin`, or by a task or hook that never yields. If the
    /// process has not ended one second later, this prints a line and exits the process, with code 3 after a clean run, else
    /// with the code above.
    ///
    /// ```no_run
    /// # use service_core::Registry;
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     Registry::launch().await
    /// }
    /// ```
    pub async fn launch() -> ExitCode {
        Self::builder().launch().await
    }
}

impl Builder {
    /// The whole `main` of a service process, like [`Registry::launch`], for a registry with this configuration. It listens for
    /// signals even without [`signals(true)`](Self::signals).
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// use service_core::{Registry, service};
    ///
    /// #[service(given)]
    /// struct Settings {
    ///     port: u16,
    /// }
    ///
    /// #[tokio::main]
    /// async fn main() -> ExitCode {
    ///     let settings = Settings { port: 8080 };
    ///     Registry::builder().give(settings).launch().await
    /// }
    /// ```
    pub async fn launch(self) -> ExitCode {
        let builder = self.signals(true).observe(stderr_log::observer());
        #[cfg(feature = "systemd")]
        let builder = builder.systemd_from_env();
        let failed = run(builder).await.err();
        exit_watch::begin(failed.unwrap_or(THREAD_BLOCKED));
        failed.map_or(ExitCode::SUCCESS, ExitCode::from)
    }
}

/// Boots a registry, runs it until it has shut down, and prints what went wrong.
///
/// # Errors
/// With the exit code, if the boot or the shutdown failed.
async fn run(builder: Builder) -> Result<(), u8> {
    let registry = builder.boot().await.map_err(|error| {
        stderr::print_line(&error);
        error.exit_code()
    })?;
    let report = registry.report();
    if report.services.is_empty() {
        stderr::print_line(
            "no service is linked into this program; if its services are in a library, also in the one of its own package, name that once in main.rs: `use my_app as _;`",
        );
    } else if !events::is_logged() {
        print_up(&report);
    }
    match registry.wind_up().await {
        Ok(report) => {
            print_still_held(&report);
            Ok(())
        }
        Err(error) => {
            stderr::print_line(&error);
            Err(SHUTDOWN_FAILED)
        }
    }
}

fn print_up(report: &BootReport) {
    let ready = report.services.iter().filter(|service| service.state == State::Ready).count();
    let services = if ready == 1 { "service" } else { "services" };
    stderr::print_line(format_args!("{ready} {services} ready in {:?}", lasted(report.total)));
}

/// An unclean report shows it itself.
fn print_still_held(report: &ShutdownReport) {
    for service in report.services.iter().filter(|service| service.still_held > 0) {
        let (name, held) = (&service.name, service.still_held);
        let references = if held == 1 { "1 reference" } else { &*format!("{held} references") };
        stderr::print_line(format_args!(
            "{name} has shut down, but {references} to it outlived the shutdown; drop each `Arc` of a service before its registry ends"
        ));
    }
}
