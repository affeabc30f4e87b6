//! A whole application: a database with a pool of connections, downloads over HTTP, an event bus with notifications, a health monitor,
//! and users that are cached. It runs until SIGTERM or ctrl-c, and then stops each service before those that it requires.

mod database;
mod events;
mod files;
mod monitor;
mod users;

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Registry, Result, service};

use self::database::Database;
use self::events::{Events, Notifications, OrderPlaced};
use self::files::Files;
use self::monitor::HealthMonitor;
use self::users::Users;

#[service(requires = [Database, Events, Files, HealthMonitor, Notifications, Users])]
struct Application {
    database: Arc<Database>,
    events: Arc<Events>,
    files: Arc<Files>,
    monitor: Arc<HealthMonitor>,
    users: Arc<Users>,
}

impl Lifecycle for Application {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { database: cx.get(), events: cx.get(), files: cx.get(), monitor: cx.get(), users: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        cx.tasks().periodic("heartbeat", Duration::from_secs(5), async || println!("heartbeat"));
        cx.tasks().delayed("report", Duration::from_secs(3600), async { println!("an hour has passed") });
        println!("report cancelled: {}", cx.tasks().abort("report"));
        Ok(())
    }
}

impl Application {
    async fn run(&self) -> Result<()> {
        self.monitor.begin();
        let query = self.database.execute_query("SELECT * FROM users").await?;
        println!("{}, {} rows", query.result, query.rows);
        for _ in 0..2 {
            let user = self.users.get_user(123).await?;
            println!("{}, cached: {}", user.name, self.users.cached()?);
        }
        for file in ["monday.txt", "tuesday.txt"] {
            let (size, connections) = self.files.download("/report", file).await?;
            let begin: String = self.files.read(file).await?.chars().take(6).collect();
            println!("{file}: {size} bytes, begins with {begin}, connection {connections}");
        }
        println!("health checks: {}", self.monitor.checks());
        self.users.register("ada@example.org").await?;
        self.events.bus.emit(OrderPlaced { order: 42 }).await;
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let registry = Registry::builder().signals(true).boot().await?;
    registry.get::<Application>()?.run().await?;
    println!("running");
    let report = registry.run().await?;
    println!("{}, {} services stopped cleanly", report.reason, report.services.len());
    Ok(())
}
