//! Each test has a registry of its own and can replace services. Any number of registries run in one process.

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};

#[service]
struct Clock {
    hour: u32,
}

impl Lifecycle for Clock {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("no test waits for the real clock".into())
    }
}

#[service(autowire)]
struct Butler {
    clock: Arc<Clock>,
}

impl Butler {
    #[guarded]
    async fn greet(&self) -> Result<&'static str, NotReady> {
        Ok(if self.clock.hour < 12 { "good morning" } else { "good evening" })
    }

    #[guarded]
    async fn announce() -> Result<String, NotReady> {
        Ok(format!("{}, dinner is served", Butler::service().await?.greet().await?))
    }
}

async fn house(hour: u32) -> Result<Registry> {
    Ok(Registry::builder().replace::<Clock>(Clock { hour }).isolated().boot().await?)
}

#[tokio::main]
async fn main() -> Result<()> {
    let (early, late) = tokio::try_join!(house(7), house(19))?;
    println!("early: {}", early.get::<Butler>()?.greet().await?);
    println!("late: {}", late.get::<Butler>()?.greet().await?);
    // Inside the scope of a registry, `Butler::service()` returns the instance of that registry.
    println!("early: {}", early.scope(Butler::announce()).await?);
    println!("late: {}", late.scope(Butler::announce()).await?);
    if let Err(refusal) = Butler::announce().await {
        println!("nowhere: {refusal}");
    }
    early.shutdown().await?;
    late.shutdown().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[service_core::test(replace(Clock = Clock { hour: 9 }))]
    async fn mornings_are_good(butler: Arc<Butler>) -> Result<()> {
        assert_eq!(butler.greet().await?, "good morning");
        Ok(())
    }

    #[service_core::test(replace(Clock = Clock { hour: 21 }))]
    async fn the_evening_is_this_registrys(butler: Arc<Butler>) -> Result<()> {
        assert_eq!(butler.greet().await?, "good evening");
        assert_eq!(Butler::announce().await?, "good evening, dinner is served");
        Ok(())
    }
}
