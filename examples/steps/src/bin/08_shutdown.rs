//! Services stop in reverse order, each within a time budget. The report lists clean, failed and abandoned services.

use std::future::pending;

use service_core::{Context, Lifecycle, Registry, Result, service};

#[service]
struct Cellar;

impl Lifecycle for Cellar {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        println!("the cellar is locked, because {}", cx.reason().ok_or("no reason")?);
        Ok(())
    }
}

#[service(requires = [Cellar])]
struct Kitchen;

impl Lifecycle for Kitchen {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        Err("a pan is still hot".into())
    }
}

#[service(requires = [Kitchen], shutdown_timeout = "2s")]
struct Guest;

impl Lifecycle for Guest {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.defer(async { println!("the guest's coat is fetched") });
        Ok(Self)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        pending().await // just one more glass
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    // SIGTERM and ctrl-c do the same in a program that calls `registry.run()`.
    registry.request_shutdown("it is midnight");
    match registry.stopped().await {
        Ok(report) => println!("{report}"),
        Err(error) => println!("\n{error}"),
    }
    Ok(())
}
