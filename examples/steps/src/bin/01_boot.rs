//! A service is a struct with `#[service]` and an `impl Lifecycle`. A registry starts it, returns it, and shuts it down.

use service_core::{Context, Lifecycle, Registry, Result, service};

#[service]
struct Greeter {
    greeting: String,
}

impl Lifecycle for Greeter {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        println!("{} comes up", cx.name());
        Ok(Self { greeting: "Hello".to_owned() })
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        println!("{} goes down", cx.name());
        Ok(())
    }
}

impl Greeter {
    fn greet(&self, whom: &str) -> String {
        format!("{}, {whom}!", self.greeting)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    println!("{}", registry.get::<Greeter>()?.greet("world"));
    println!("{}", Greeter::service().await?.greet("from anywhere"));
    registry.shutdown().await?;
    Ok(())
}
