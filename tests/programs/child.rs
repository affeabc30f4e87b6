//! A small program with three services, for tests that need their own process. Its first argument selects what `main` does; the
//! others inject faults. Its hooks print their calls.

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use service_core::cli::Command;
use service_core::error::BadConfiguration;
use service_core::telemetry::{self, Config, Format, Level};
use service_core::{Context, EventKind, Lifecycle, Registry, Restart, Result, Systemd, service};
use tokio::io::AsyncReadExt;

/// Whether this fault was requested on the command line.
fn is_injected(fault: &str) -> bool {
    std::env::args().skip(2).any(|argument| argument == fault)
}

/// The body of every hook: it prints the call, and takes longer, hangs or fails if that fault is injected.
async fn hook<S>(hook: &str, cx: &Context<S>) -> Result<()> {
    let call = format!("{hook} {}", cx.name());
    match cx.reason() {
        Some(reason) => println!("{call}: {reason}"),
        None => println!("{call}"),
    }
    if is_injected(&format!("delay {call}")) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    if is_injected(&format!("hang {call}")) {
        std::future::pending::<()>().await;
    }
    if is_injected(&format!("block {call}")) {
        tokio::task::yield_now().await;
        loop {
            std::thread::park();
        }
    }
    assert!(!is_injected(&format!("panic in {call}")), "injected panic of {call}");
    if is_injected(&format!("fail {call}")) {
        return Err(format!("injected failure of {call}").into());
    }
    let wrong = || BadConfiguration::new("PORT is \"x\"");
    if is_injected(&format!("misconfigure {call}")) {
        return Err(wrong().into());
    }
    if is_injected(&format!("wrap and misconfigure {call}")) {
        return Err(Unusable(wrong()).into());
    }
    Ok(())
}

/// An error of a layer above the one that reads the configuration.
#[derive(Debug)]
struct Unusable(BadConfiguration);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it cannot be used")
    }
}

impl std::error::Error for Unusable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Blocks a thread for ever, or keeps the instance, if that fault is injected.
fn block_a_thread<S: Send + Sync + 'static>(service: &Arc<S>, cx: &Context<S>) {
    static HELD: Mutex<Vec<Arc<dyn Any + Send + Sync>>> = Mutex::new(Vec::new());
    if is_injected(&format!("block a thread in {}", cx.name())) {
        tokio::task::spawn_blocking(park_for_ever);
    }
    if is_injected(&format!("read stdin in {}", cx.name())) {
        let stopping = cx.stopping();
        cx.spawn("stdin", async move {
            let mut byte = [0];
            let mut stdin = tokio::io::stdin();
            stopping.run_until_cancelled(stdin.read(&mut byte)).await;
        });
    }
    if is_injected(&format!("hold {}", cx.name())) {
        HELD.lock().expect("no holder panics").push(service.clone());
    }
    if is_injected(&format!("fail a task of {}", cx.name())) {
        cx.spawn("failing", async { Err::<(), _>("injected failure") });
    }
}

fn park_for_ever() {
    loop {
        std::thread::park();
    }
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
                    let is_launched = std::env::args().nth(1).is_some_and(|mode| mode.starts_with("launch"));
                    if cx.name() == "Web" && is_launched {
                        cx.spawn("print up", print_up());
                    }
                    block_a_thread(&self, cx);
                    if is_injected(&format!("fail repeatedly in {}", cx.name())) {
                        let restart = Restart::permanent().intensity(300, Duration::from_secs(60));
                        let restart = restart.backoff(Duration::ZERO, Duration::ZERO);
                        cx.tasks().supervised("failing", restart, || async { Err::<(), _>("injected failure") });
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

/// No value is given, so a plan with a service that requires it is invalid.
#[service(given, when = is_plan_invalid)]
struct Missing;

#[service(autowire, requires = [Missing], when = is_plan_invalid)]
struct Needs;

fn is_plan_invalid() -> bool {
    is_injected("invalid plan")
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    // The test that waits for this process must not hang.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        std::process::exit(99)
    });
    match std::env::args().nth(1).as_deref() {
        Some("launch") => return Ok(Registry::launch().await),
        Some("launch built") => return Ok(Registry::builder().launch().await),
        Some("launch logged") => {
            telemetry::init(Config::new("child").level(Level::Error))?;
            return Ok(Registry::launch().await);
        }
        Some("launch with JSON") => {
            telemetry::init(Config::new("child").format(Format::Json).env(None))?;
            return Ok(Registry::launch().await);
        }
        Some("run with JSON") => {
            telemetry::init(Config::new("child").format(Format::Json).env(None))?;
            let registry = Registry::boot().await?;
            registry.request_shutdown("it has run");
            registry.run().await?;
            std::process::exit(0);
        }
        Some("launch on one thread") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return Ok(std::thread::spawn(move || runtime.block_on(Registry::launch())).join().expect("no panic"));
        }
        Some("launch and work") => {
            let code = Registry::launch().await;
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            println!("worked");
            return Ok(code);
        }
        Some("launch and block all workers") => {
            let code = Registry::launch().await;
            for _ in 0..64 {
                tokio::spawn(async { park_for_ever() });
            }
            std::thread::sleep(Duration::from_millis(100));
            return Ok(code);
        }
        Some("graph") => return Ok(Registry::builder().launch_or_command().await),
        Some("commands") => return Ok(command(std::env::args_os().skip(2)).await),
        Some("commands of boot") => return Ok(command(["boot".into()]).await),
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
        Some("run again") => {
            // On one thread, nothing runs between the end of `run` and the next `await`.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return std::thread::spawn(move || runtime.block_on(run_again())).join().expect("no panic");
        }
        Some("limited") => return limited().await,
        Some("limited on one thread") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return std::thread::spawn(move || runtime.block_on(limited())).join().expect("no panic");
        }
        Some("return early") => {
            let _registry = Registry::boot().await?;
            return Err("an early return".into());
        }
        Some("build") => run(Registry::builder()).await?,
        Some("use") => drop(Db::service().await?),
        Some("events") => {
            let listener = |event: &service_core::Event| match &event.kind {
                EventKind::ShuttingDown { .. } => println!("event: shutting down"),
                EventKind::ShutDown { .. } => println!("event: shut down"),
                _ => {}
            };
            run(Registry::builder().on_event(listener)).await?;
        }
        Some("logs") => {
            telemetry::init(Config::new("child").level(Level::Warn))?;
            println!("{}", telemetry::init(Config::new("child")).expect_err("logging is already set up"));
            Registry::boot().await?.shutdown().await?;
        }
        Some("systemd") => run(Registry::builder().systemd(Systemd::from_env())).await?,
        other => return Err(format!("unknown mode {other:?}").into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command as a program does that has arguments of its own.
async fn command(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Command::parse(arguments) {
        Ok(Some(command)) => command.run(Registry::builder()).await,
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Runs a registry that has ended, and then blocks the thread until the process is killed.
async fn run_again() -> Result<ExitCode> {
    let registry = Registry::boot().await?;
    registry.request_shutdown("to run it again");
    registry.run().await?;
    registry.run().await?;
    println!("waiting");
    std::thread::park();
    Ok(ExitCode::FAILURE)
}

/// Runs until a signal, with a budget of one second for the shutdown, and lists the threads of the library that are left.
async fn limited() -> Result<ExitCode> {
    let builder = Registry::builder().signals(true).shutdown_timeout(Duration::from_secs(1));
    let registry = builder.second_signal_exits(!is_injected("ignore second signal")).boot().await?;
    println!("up");
    match registry.stopped().await {
        Ok(_) => println!("clean"),
        Err(error) => println!("{}", error.to_string().replace('\n', ";")),
    }
    for thread in std::fs::read_dir("/proc/self/task")? {
        let name = std::fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        if name.starts_with("service-core") {
            println!("left: {name}");
        }
    }
    println!("end");
    // Not by a return, because the runtime waits for blocked threads.
    std::process::exit(0)
}

async fn run(builder: service_core::Builder) -> Result<()> {
    let registry = builder.boot().await?;
    // `run` listens for signals after its first poll.
    let (ran, ()) = tokio::join!(biased; registry.run(), async { println!("up") });
    ran?;
    println!("ran");
    Ok(())
}

/// `launch` prints nothing when the registry is ready.
async fn print_up() {
    while !Registry::current().is_some_and(|registry| registry.is_ready()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("up");
}

async fn until_killed() {
    println!("waiting");
    std::future::pending::<()>().await;
}
