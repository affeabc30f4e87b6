//! A service starts after the services that it requires. `autowire` reads the requirements from the fields.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use service_core::{Context, Lifecycle, Registry, Result, service};

#[service]
struct Printer;

impl Lifecycle for Printer {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("the printer is warm");
        Ok(Self)
    }
}

// The program passes the value to the builder with `give`. Use this for configuration.
#[service(given)]
struct Settings {
    sender: String,
}

#[service(autowire)]
struct Newsletter {
    printer: Arc<Printer>,
    settings: Arc<Settings>,
    sent: AtomicU32,
    #[service(default = 2)]
    at_most: u32,
}

impl Printer {
    fn print(&self, to: &str, text: &str) {
        println!("to {to}: {text}");
    }
}

impl Newsletter {
    fn send(&self, to: &str) {
        if self.sent.fetch_add(1, Ordering::Relaxed) < self.at_most {
            self.printer.print(to, &format!("news from {}", self.settings.sender));
        } else {
            println!("{to} has to wait");
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let registry = Registry::builder().give(Settings { sender: "the house".to_owned() }).boot().await?;
    let newsletter = registry.get::<Newsletter>()?;
    for reader in ["Ada", "Grace", "Edsger"] {
        newsletter.send(reader);
    }
    drop(newsletter);
    registry.shutdown().await?;
    Ok(())
}
