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
    // Everything is down. To return would wait for a read that its service was not patient enough for, on a network drive
    // that is gone, say.
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
    // `RUST_LOG=info,shop=debug cargo run -p shop` tells it all.
    telemetry::init(Config::new("shop").level(Level::Off).module("shop", Level::Warn))?;
    let registry = shop::registry(settings).signals(true).systemd(Systemd::from_env());
    let registry = registry.boot().await.map_err(in_a_sentence)?;
    #[cfg(unix)]
    registry.spawn(begin_chores_when_told(registry.clone())?);
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

/// Whoever thinks that a background task is stuck sends SIGUSR1, and they all begin anew.
#[cfg(unix)]
fn begin_chores_when_told(registry: Registry) -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut told = signal(SignalKind::user_defined1())?;
    Ok(async move {
        while told.recv().await.is_some() {
            match shop::begin_chores(&registry) {
                Ok(()) => tracing::info!("every chore begins anew"),
                Err(refusal) => tracing::warn!(%refusal, "no chore begins anew"),
            }
        }
    })
}

/// Prints, whether or not anybody reads it.
fn say(text: impl Display) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{}", text.to_string().trim_end()).and_then(|()| stdout.flush());
}

/// Why the boot failed, in the words of the service that failed first: whoever starts a shop need not know its services.
fn in_a_sentence(error: BootError) -> Box<dyn Error + Send + Sync> {
    match error.failures().first().and_then(|failure| failure.source()) {
        Some(cause) => cause.to_string().into(),
        None => error.into(),
    }
}
