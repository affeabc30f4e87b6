//! The shop's program.

use std::env;
use std::error::Error;
use std::io;
use std::process;

use service_core::error::{BadConfiguration, BootError, BoxError};
use service_core::telemetry::Format;
use service_core::{Registry, Result, Systemd};
use shop::{Announcement, Command, HELP, Printer, Settings};

/// Why the program ends, and with which code. The page "Deployment" of the guide lists the codes.
struct Failed {
    code: u8,
    /// Missing if it is in the log.
    error: Option<BoxError>,
}

impl Failed {
    fn new(code: u8, error: impl Into<BoxError>) -> Self {
        Self { code, error: Some(error.into()) }
    }
}

#[tokio::main]
async fn main() {
    let code = match run().await {
        Ok(()) => 0,
        Err(Failed { code, error }) => {
            error.into_iter().for_each(complain);
            code
        }
    };
    // Everything has stopped. A return would wait for blocking code that its service has abandoned, such as a read from a
    // network drive that is gone.
    process::exit(code.into())
}

async fn run() -> Result<(), Failed> {
    match Command::parse(env::args_os().skip(1)).map_err(misconfigured)? {
        Command::Help => print!("{HELP}"),
        Command::Version => println!("{}", shop::version()),
        Command::Graph(format) => {
            let plan = shop::registry(Settings::default()).plan();
            print!("{}", format.render(&plan.map_err(|error| Failed::new(1, error))?));
        }
        Command::Serve(settings, logs) => {
            let format = logs.begin().map_err(misconfigured)?;
            serve(settings, format).await?;
        }
    }
    Ok(())
}

async fn serve(settings: Settings, format: Format) -> Result<(), Failed> {
    let stdout = Printer::to(io::stdout()).map_err(|error| Failed::new(1, error))?;
    let served = boot_and_run(settings, format, &stdout).await;
    stdout.finish();
    match (served, format) {
        (Err(Failed { code, error: Some(error) }), Format::KeyValue | Format::Json) => {
            tracing::error!(error = &*error as &dyn Error, code, "the shop has failed");
            Err(Failed { code, error: None })
        }
        (served, _) => served,
    }
}

/// From the boot on, signals end the shop in order. Nothing between the boot and the run may return, because the run waits for
/// the end of the shutdown.
async fn boot_and_run(settings: Settings, format: Format, stdout: &Printer) -> Result<(), Failed> {
    #[cfg(unix)]
    let restarts = task_restarts().map_err(|error| Failed::new(1, error))?;
    let builder = shop::registry(settings).signals(true).systemd(Systemd::from_env());
    let registry = builder.boot().await.map_err(|error| Failed::new(error.exit_code(), in_a_sentence(error)))?;
    #[cfg(unix)]
    registry.spawn(restart_tasks(registry.clone(), restarts));
    let announcement = Announcement::new(&registry);
    // In the other formats, each line of the output is a record.
    match format {
        Format::Pretty => stdout.print(announcement),
        _ => announcement.log(),
    }
    let report = registry.run().await.map_err(|error| Failed::new(error.exit_code(), error))?;
    match format {
        Format::Pretty => stdout.print(report),
        _ => tracing::info!(%report, "stopped"),
    }
    Ok(())
}

/// SIGUSR1 restarts all background tasks: for an operator who thinks that one is stuck. It is listened for from before the boot
/// on, because without a listener it ends the process.
#[cfg(unix)]
fn task_restarts() -> io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};

    signal(SignalKind::user_defined1())
}

#[cfg(unix)]
async fn restart_tasks(registry: Registry, mut told: tokio::signal::unix::Signal) {
    while told.recv().await.is_some() {
        match shop::restart_background_tasks(&registry) {
            Ok(()) => tracing::info!("restarted every background task"),
            Err(refusal) => tracing::warn!(%refusal, "could not restart the background tasks"),
        }
    }
}

fn misconfigured(error: impl Into<BoxError>) -> Failed {
    Failed::new(BadConfiguration::EXIT_CODE, error)
}

/// Prints why the program ends, and waits a second at most for a reader that has stalled.
fn complain(error: BoxError) {
    if let Ok(stderr) = Printer::to(io::stderr()) {
        stderr.print(format_args!("shop: {error}"));
        stderr.finish();
    }
}

/// The error of the service that failed first: an operator need not know the services of the shop.
fn in_a_sentence(error: BootError) -> BoxError {
    match error.failures().first().and_then(|failure| failure.source()) {
        Some(cause) => cause.to_string().into(),
        None => error.into(),
    }
}
