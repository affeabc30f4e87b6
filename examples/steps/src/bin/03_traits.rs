//! A service can be required as a `dyn` trait. Another implementation of the trait can then replace it.

use std::sync::Arc;

use service_core::{Context, Lifecycle, Registry, Result, service};

trait Mail: Send + Sync {
    fn send(&self, to: &str, text: &str);
}

#[service]
struct Horse;

impl Lifecycle for Horse {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("the horse is saddled");
        Ok(Self)
    }
}

#[service(autowire, provides = [dyn Mail])]
struct Rider {
    _horse: Arc<Horse>,
}

impl Mail for Rider {
    fn send(&self, to: &str, text: &str) {
        println!("the rider brings {to}: {text}");
    }
}

struct Pigeon;

impl Mail for Pigeon {
    fn send(&self, to: &str, text: &str) {
        println!("the pigeon brings {to}: {text}");
    }
}

#[service(autowire)]
struct Newsletter {
    mail: Arc<dyn Mail>,
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    registry.get::<Newsletter>()?.mail.send("Ada", "it rains");
    registry.get::<dyn Mail>()?.send("Grace", "it rains");
    registry.shutdown().await?;

    // The pigeon replaces the rider. `only` boots the newsletter and what it requires, so the horse is not booted.
    let pigeon: Arc<dyn Mail> = Arc::new(Pigeon);
    let registry = Registry::builder().only::<Newsletter>().replace_dyn(pigeon).boot().await?;
    registry.get::<Newsletter>()?.mail.send("Edsger", "the sun shines");
    println!("{}", registry.graph());
    registry.shutdown().await?;
    Ok(())
}
