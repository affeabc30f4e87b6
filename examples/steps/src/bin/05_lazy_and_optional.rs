//! A lazy service starts at its first use. An optional service may fail; the services that want it run without it.

use std::sync::Arc;

use service_core::{Context, Lifecycle, Registry, Result, guarded, service};

#[service(lazy)]
struct Archive;

impl Lifecycle for Archive {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("the archive is unlocked");
        Ok(Self)
    }
}

impl Archive {
    #[guarded]
    async fn find(&self, year: u32) -> Result<String> {
        Ok(format!("the ledger of {year}"))
    }
}

#[service(optional)]
struct Weather;

impl Lifecycle for Weather {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("no window".into())
    }
}

#[service(wants = [Weather])]
struct Porter {
    weather: Option<Arc<Weather>>,
}

impl Lifecycle for Porter {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { weather: cx.get_opt() })
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    println!("{}", registry.report());
    let porter = registry.get::<Porter>()?;
    println!("the porter knows the weather: {}", porter.weather.is_some());

    let archive = || registry.state::<Archive>();
    println!("the archive is {}", archive());
    println!("{}", Archive::service().await?.find(1887).await?);
    println!("the archive is {}", archive());
    registry.shutdown().await?;
    Ok(())
}
