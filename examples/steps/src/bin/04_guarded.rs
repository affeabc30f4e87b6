//! A guarded call runs only while its service is up. Until then it is refused, or waits; afterwards it is refused.

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
    // A method that is async waits.
    #[guarded]
    async fn pay(&self, amount: u32) -> Result<u32, NotReady> {
        Ok(amount)
    }

    // One that is not cannot wait, so it is refused; so is one that says `#[guarded(refuse)]`.
    #[guarded]
    fn is_short(&self) -> Result<bool, NotReady> {
        Ok(false)
    }

    // Without a receiver, the instance of the current registry is meant. It waits, too, but not for ever.
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
