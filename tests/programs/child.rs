//! A small service program, for proofs that need a process of their own: its first argument says what `main` does, the others
//! what goes wrong. It prints what its hooks do.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use service_core::telemetry::{self, Config, Level};
use service_core::{Context, EventKind, Lifecycle, Registry, Restart, Result, Systemd, service};

/// Whether the program was told to do this.
fn is_told(word: &str) -> bool {
    std::env::args().skip(2).any(|argument| argument == word)
}

/// What a hook does; it says so, and lingers, hangs or fails where it was told to.
async fn hook<S>(word: &str, cx: &Context<S>) -> Result<()> {
    let did = format!("{word} {}", cx.name());
    match cx.reason() {
        Some(reason) => println!("{did}: {reason}"),
        None => println!("{did}"),
    }
    if is_told(&format!("linger at {did}")) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    if is_told(&format!("hang at {did}")) {
        std::future::pending::<()>().await;
    }
    if is_told(&format!("fail at {did}")) {
        return Err(format!("told to fail at {did}").into());
    }
    Ok(())
}

macro_rules! services {
    ($($service:ident requires $requires:tt;)*) => {
        $(
            #[service(requires = $requires)]
            struct $service;

            impl Lifecycle for $service {
                async fn init(cx: &Context<Self>) -> Result<Self> {
                    hook("init", cx).await?;
                    Ok(Self)
                }

                async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
                    if cx.name() == "Web" && std::env::args().nth(1).as_deref() == Some("launch") {
                        cx.spawn("say up", say_up());
                    }
                    if is_told(&format!("storm in {}", cx.name())) {
                        let restart = Restart::permanent().intensity(300, Duration::from_secs(60));
                        let restart = restart.backoff(Duration::ZERO, Duration::ZERO);
                        cx.tasks().supervised("storm", restart, || async { Err::<(), _>("told to storm") });
                    }
                    hook("start", cx).await
                }

                async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
                    hook("shutdown", cx).await
                }
            }
        )*
    };
}

services! {
    Db requires [];
    Users requires [Db];
    Web requires [Users];
}

/// Nobody gives it, so a plan with it is unsound.
#[service(given, when = is_unsound)]
struct Missing;

fn is_unsound() -> bool {
    is_told("be unsound")
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    // Whoever waits for us waits no longer than this.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        std::process::exit(99)
    });
    match std::env::args().nth(1).as_deref() {
        Some("launch") => return Ok(Registry::launch().await),
        Some("boot") => {
            let _registry = Registry::boot().await?;
            until_killed().await;
        }
        Some("run") => {
            run(Registry::builder()).await?;
            until_killed().await;
        }
        Some("run twice") => {
            run(Registry::builder()).await?;
            run(Registry::builder()).await?;
        }
        Some("events") => {
            let listener = |event: &service_core::Event| match &event.kind {
                EventKind::ShuttingDown { .. } => println!("told: shutting down"),
                EventKind::ShutDown { .. } => println!("told: shut down"),
                _ => {}
            };
            run(Registry::builder().on_event(listener)).await?;
        }
        Some("logs") => {
            telemetry::init(Config::new("child").level(Level::Warn))?;
            println!("{}", telemetry::init(Config::new("child")).expect_err("it was set up already"));
            Registry::boot().await?.shutdown().await?;
        }
        Some("systemd") => run(Registry::builder().systemd(Systemd::from_env())).await?,
        other => return Err(format!("{other:?} is nothing that this program does").into()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn run(builder: service_core::Builder) -> Result<()> {
    let registry = builder.boot().await?;
    // Not before it listens, which it does when it is polled first.
    let (ran, ()) = tokio::join!(biased; registry.run(), async { println!("up") });
    ran?;
    println!("ran");
    Ok(())
}

/// `launch` says nothing itself, and returns only at the end.
async fn say_up() {
    while !Registry::current().is_some_and(|registry| registry.is_ready()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("up");
}

async fn until_killed() {
    println!("waiting");
    std::future::pending::<()>().await;
}
