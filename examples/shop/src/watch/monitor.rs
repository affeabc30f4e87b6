//! [`Monitor`]: tells how the shop is, for as long as it runs.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use service_core::{Context, Health, Lifecycle, Registry, Result, service};

use crate::ShopError;
use crate::storage::Db;

const HEARTBEAT: Duration = Duration::from_secs(5);
const HEALTH: Duration = Duration::from_secs(30);
const FIGURES: Duration = Duration::from_secs(60);

/// Tells how the shop is, for as long as it runs: that it is there, who is not well, and how much there is to do.
#[service(autowire(fn))]
pub struct Monitor {
    db: Arc<Db>,
}

/// How much there is to do.
#[derive(Debug)]
struct Figures {
    users: i64,
    orders: i64,
    letters_waiting: i64,
}

impl Lifecycle for Monitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        cx.tasks().periodic("heartbeat", HEARTBEAT, || async { tracing::debug!("the shop is open") });
        cx.tasks().periodic("health", HEALTH, tell_who_is_not_well);
        cx.tasks().periodic("figures", FIGURES, move || self.clone().tell_figures());
        Ok(())
    }
}

impl Monitor {
    async fn tell_figures(self: Arc<Self>) -> Result<(), ShopError> {
        let Figures { users, orders, letters_waiting } = self.db.read(count).await?;
        tracing::info!(users, orders, letters_waiting, "figures");
        Ok(())
    }
}

async fn tell_who_is_not_well() {
    // Who boots or goes down is not ill.
    let Some(registry) = Registry::current().filter(Registry::is_ready) else { return };
    let report = registry.health().await;
    for ill in report.services.iter().filter(|service| service.health != Health::Healthy) {
        tracing::warn!(service = ill.name, health = %ill.health, "not well");
    }
}

fn count(connection: &Connection) -> Result<Figures, ShopError> {
    let mut figures = connection.prepare_cached(
        "select (select count(*) from users), (select count(*) from orders),
                (select count(*) from letters where sent_at is null)",
    )?;
    let figures = figures
        .query_row((), |row| Ok(Figures { users: row.get(0)?, orders: row.get(1)?, letters_waiting: row.get(2)? }))?;
    Ok(figures)
}
