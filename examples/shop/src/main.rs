//! The shop's program.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process;

use service_core::telemetry::{self, Config, Level};
use service_core::{BootError, Registry, Result, Systemd};
use shop::http::{Port, Probes};
use shop::{Command, HELP, Settings};

#[tokio::main]
async fn main() {
    let code = match run().await {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("shop: {error}");
            1
        }
    };
    // Everything has stopped. A return would wait for blocking code that its service has abandoned, such as a read from a
    // network drive that is gone.
    process::exit(code)
}

async fn run() -> Result<()> {
    match Command::parse(std::env::args_os().skip(1))? {
        Command::Help => say(HELP),
        Command::Graph(format) => say(format.render(&shop::registry(Settings::default()).plan()?)),
        Command::Serve(settings) => serve(settings).await?,
    }
    Ok(())
}

async fn serve(settings: Settings) -> Result<()> {
    // `RUST_LOG=info,shop=debug cargo run -p shop` logs everything.
    telemetry::init(Config::new("shop").level(Level::Off).module("shop", Level::Warn))?;
    let registry = shop::registry(settings).signals(true).systemd(Systemd::from_env());
    let registry = registry.boot().await.map_err(in_a_sentence)?;
    #[cfg(unix)]
    registry.spawn(restart_tasks_on_signal(registry.clone())?);
    let report = registry.report();
    say(registry.graph());
    say(format_args!("up in {:.1?}, the longest path: {}", report.total, report.critical_path.join(" → ")));
    say(format_args!("listening on http://{}", registry.get::<Port>()?.address()));
    if let Some(address) = registry.get::<Probes>()?.address() {
        say(format_args!("probes at http://{address}/readyz"));
    }
    say("try /products?q=kettle; ctrl-c ends it");
    say(registry.run().await?);
    Ok(())
}

/// SIGUSR1 restarts all background tasks: for an operator who thinks that one is stuck.
#[cfg(unix)]
fn restart_tasks_on_signal(registry: Registry) -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut told = signal(SignalKind::user_defined1())?;
    Ok(async move {
        while told.recv().await.is_some() {
            match shop::restart_background_tasks(&registry) {
                Ok(()) => tracing::info!("restarted every background task"),
                Err(refusal) => tracing::warn!(%refusal, "could not restart the background tasks"),
            }
        }
    })
}

/// Prints a line. If stdout is closed, nothing happens.
fn say(text: impl Display) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{}", text.to_string().trim_end()).and_then(|()| stdout.flush());
}

/// The error of the service that failed first: an operator need not know the services of the shop.
fn in_a_sentence(error: BootError) -> Box<dyn Error + Send + Sync> {
    match error.failures().first().and_then(|failure| failure.source()) {
        Some(cause) => cause.to_string().into(),
        None => error.into(),
    }
}
