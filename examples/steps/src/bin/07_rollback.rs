//! If a boot fails, the services that are ready are shut down in reverse order. The error names the cause.

use std::time::Duration;

use service_core::{Context, Lifecycle, Registry, Result, service};
use tokio::time::sleep;

#[service]
struct Pump;

impl Lifecycle for Pump {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        println!("the pump runs");
        cx.defer(async { println!("the floor is wiped") });
        Ok(Self)
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        println!("the pump stops, because {}", cx.reason().ok_or("no reason")?);
        Ok(())
    }
}

#[service(requires = [Pump], retry(attempts = 3, delay = "1s"))]
struct Fountain;

impl Lifecycle for Fountain {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("the fountain splutters");
        sleep(Duration::from_millis(100)).await;
        Err("a leaf in the pipe".into())
    }
}

#[service(requires = [Fountain])]
struct Garden;

impl Lifecycle for Garden {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        unreachable!("without its fountain, nobody opens the garden")
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let Err(error) = Registry::boot().await else { return };
    println!("\n{error}");
}
