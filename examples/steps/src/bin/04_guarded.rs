//! A guarded call runs only while its service is ready. Before that it waits or is refused; afterwards it is refused.

use std::time::Duration;

use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use tokio::time::sleep;

#[service]
struct Till;

impl Lifecycle for Till {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(Duration::from_secs(3)).await;
        println!("the till is open");
        Ok(Self)
    }
}

impl Till {
    // An async method waits while the service starts.
    #[guarded]
    async fn pay(&self, amount: u32) -> Result<u32, NotReady> {
        Ok(amount)
    }

    // A sync method cannot wait, so the call is refused. `#[guarded(refuse)]` does the same for an async method.
    #[guarded]
    fn is_short(&self) -> Result<bool, NotReady> {
        Ok(false)
    }

    // A method without a receiver uses the instance of the current registry. This one waits at most 5 s.
    #[guarded(wait = "5s")]
    async fn pay_anywhere(amount: u32) -> Result<u32, NotReady> {
        Till::try_service()?.pay(amount).await
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    if let Err(refusal) = Till::try_service() {
        println!("before: {refusal}");
    }

    let boot = tokio::spawn(Registry::boot());
    let early = tokio::spawn(Till::pay_anywhere(5));
    println!("paid {} as soon as that was possible", early.await??);

    let registry = boot.await??;
    let till = registry.get::<Till>()?;
    println!("short: {}", till.is_short()?);

    registry.shutdown().await?;
    if let Err(refusal) = till.pay(7).await {
        println!("after: {refusal}");
    }
    println!("by hand: {}", Till.pay(9).await?);
    Ok(())
}
