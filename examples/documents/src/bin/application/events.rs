//! [`Events`]: the event bus. [`Notifications`]: sends a mail for events.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, service};
use service_toolkit::EventBus;
use tokio::time::sleep;

pub(crate) struct UserRegistered {
    pub(crate) email: String,
}

pub(crate) struct OrderPlaced {
    pub(crate) order: u32,
}

#[service]
pub(crate) struct Events {
    pub(crate) bus: EventBus,
}

impl Lifecycle for Events {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { bus: EventBus::new(cx) })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("events stop, dead letters: {}", self.bus.stats().dead_letters());
        Ok(())
    }
}

/// Stops before the bus that it requires, and sends the mails for all queued events first.
#[service(requires = [Events])]
pub(crate) struct Notifications;

impl Lifecycle for Notifications {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let events: Arc<Events> = cx.get();
        events.bus.subscribe(cx, "welcome", send_welcome);
        events.bus.subscribe(cx, "confirmation", send_confirmation);
        Ok(Self)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("notifications stop");
        Ok(())
    }
}

async fn send_welcome(event: Arc<UserRegistered>) {
    sleep(Duration::from_millis(500)).await;
    println!("welcome mail sent to {}", event.email);
}

async fn send_confirmation(event: Arc<OrderPlaced>) {
    sleep(Duration::from_millis(300)).await;
    println!("confirmation sent for order {}", event.order);
}
