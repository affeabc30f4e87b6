//! [`Monitor`]: logs how the shop is.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use service_core::{Context, Health, Lifecycle, Registry, Result, service};

use crate::ShopError;
use crate::storage::Db;

const HEARTBEAT: Duration = Duration::from_secs(5);
const HEALTH: Duration = Duration::from_secs(30);
const FIGURES: Duration = Duration::from_secs(60);

/// Logs periodically that the shop runs, which services are unhealthy, and how much work is queued.
#[service(requires = [Db])]
pub struct Monitor {
    cx: Context<Self>,
    db: Arc<Db>,
}

/// The queued work.
#[derive(Debug)]
struct Figures {
    users: i64,
    orders: i64,
    orders_to_pack: i64,
    letters_waiting: i64,
}

impl Lifecycle for Monitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), db: cx.get() })
    }

    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        self.begin();
        Ok(())
    }
}

impl Monitor {
    /// Starts the tasks, or replaces them. A run that fails is reported, and the next one runs at its time.
    pub fn begin(self: &Arc<Self>) {
        let (tasks, monitor) = (self.cx.tasks(), self.clone());
        tasks.periodic("heartbeat", HEARTBEAT, || async { tracing::debug!("the shop is open") });
        tasks.periodic("health", HEALTH, tell_health);
        tasks.periodic("figures", FIGURES, move || monitor.clone().tell_figures());
    }

    async fn tell_figures(self: Arc<Self>) -> Result<(), ShopError> {
        let Figures { users, orders, orders_to_pack, letters_waiting } = self.db.read(count).await?;
        tracing::info!(users, orders, orders_to_pack, letters_waiting, "figures");
        Ok(())
    }
}

async fn tell_health() {
    // A service that starts or stops is not unhealthy.
    let Some(registry) = Registry::current().filter(Registry::is_ready) else { return };
    let report = registry.health().await;
    for ill in report.services.iter().filter(|service| service.health != Health::Healthy) {
        tracing::warn!(service = ill.name, health = %ill.health, "not well");
    }
    tracing::info!(health = %report.health(), "asked how everybody is");
}

fn count(connection: &Connection) -> Result<Figures, ShopError> {
    let mut figures = connection.prepare_cached(
        "select (select count(*) from users), (select count(*) from orders),
                (select count(*) from orders where packed_at is null),
                (select count(*) from letters where sent_at is null)",
    )?;
    let figures = figures.query_row((), |row| {
        Ok(Figures {
            users: row.get(0)?,
            orders: row.get(1)?,
            orders_to_pack: row.get(2)?,
            letters_waiting: row.get(3)?,
        })
    })?;
    Ok(figures)
}
