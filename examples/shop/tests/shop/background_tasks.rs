//! The background tasks of the shop: their schedules, retries after failures, and restarts on request.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use service_core::{EventKind, Registry, Result};
use shop::sales::{Orders, Users};
use shop::storage::Db;
use tokio::time::sleep;

use crate::client::{Shop, shop};
use crate::folder::Folder;
use crate::isolated::{ada, open, order};
use crate::recorded_log::RecordedLog;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const HEARTBEAT: &str = "the shop is open";
const HEALTH: &str = "asked how everybody is";
const FIGURES: &str = "figures";
const SWEPT: &str = "swept";
const PACKED: &str = "packed";

async fn change(registry: &Registry, sql: &'static str) -> Result<()> {
    Ok(registry.get::<Db>()?.write(|transaction| Ok(transaction.execute_batch(sql)?)).await?)
}

async fn is_packed(registry: &Registry, id: i64) -> Result<bool> {
    Ok(registry.get::<Orders>()?.find(id).await?.packed_at.is_some())
}

/// The number of failures of each task, by name.
fn failures(registry: &Registry) -> BTreeMap<String, usize> {
    let mut failures = BTreeMap::new();
    for event in registry.events() {
        if let EventKind::TaskFailed { task, .. } = event.kind {
            *failures.entry(task.to_string()).or_default() += 1;
        }
    }
    failures
}

#[tokio::test(start_paused = true)]
async fn each_task_runs_on_its_schedule() -> Result<()> {
    let (recorded, _guard) = RecordedLog::start();
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    // Each task also runs immediately.
    sleep(SECOND).await;
    recorded.clear();
    sleep(MINUTE - SECOND * 3 / 2).await;
    let counts = [HEARTBEAT, HEALTH, FIGURES].map(|it| recorded.count(it));
    assert_eq!(counts, [11, 1, 0], "every 5 s, every 30 s, every minute");
    sleep(SECOND).await;
    assert_eq!([HEARTBEAT, HEALTH, FIGURES].map(|it| recorded.count(it)), [12, 2, 1]);

    registry.get::<Users>()?.create(ada()).await?;
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    sleep(SECOND).await;
    assert!(is_packed(&registry, 1).await?, "an order is packed immediately");

    change(&registry, "update letters set sent_at = '2000-01-01T00:00:00Z'").await?;
    sleep(HOUR).await;
    assert_eq!((recorded.count(SWEPT), recorded.count(PACKED)), (1, 1));
    let letters = registry.get::<Db>()?;
    let left: i64 = letters.read(|it| Ok(it.query_row("select count(*) from letters", (), |row| row.get(0))?)).await?;
    assert_eq!(left, 0, "old letters are deleted");
    sleep(25 * HOUR).await;
    assert_eq!(recorded.count(SWEPT), 2, "once a day");
    drop(letters);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_task_recovers_when_its_failure_is_resolved() -> Result<()> {
    let (recorded, _guard) = RecordedLog::start();
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    letters.recv().await.ok_or("the welcome")?;

    let away = "alter table orders rename column packed_at to away; alter table letters rename column sent_at to away";
    change(&registry, away).await?;
    let placed = registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    recorded.clear();
    sleep(HOUR + MINUTE).await;
    let failed = failures(&registry);
    assert_eq!(failed.keys().collect::<Vec<_>>(), ["deliver", "figures", "pack", "sweep"], "{failed:?}");
    assert_eq!(failed["sweep"], 1);
    assert!((60..=62).contains(&failed["figures"]), "once a minute: {failed:?}");
    // 1, 2, 4, 8 and 16 s, and then every 30 s.
    assert!((120..=128).contains(&failed["pack"]), "the backoff grows to 30 s: {failed:?}");
    assert_eq!((recorded.count(FIGURES), recorded.count(SWEPT), recorded.count(PACKED)), (0, 0, 0));
    assert!(recorded.count(HEARTBEAT) >= 720 && recorded.count(HEALTH) >= 120, "the other tasks continue");
    assert!(registry.is_ready() && registry.readiness().await.is_up());

    let back = "alter table orders rename column away to packed_at; alter table letters rename column away to sent_at";
    change(&registry, back).await?;
    sleep(MINUTE + SECOND).await;
    assert_eq!((recorded.count(FIGURES), recorded.count(PACKED)), (1, 1));
    let (_, letter) = letters.recv().await.ok_or("the confirmation")?;
    assert_eq!(letter.subject, format!("Your order {}", placed.id));
    sleep(25 * HOUR).await;
    assert_eq!(recorded.count(SWEPT), 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_task_restarts_on_request() -> Result<()> {
    let (recorded, _guard) = RecordedLog::start();
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 1).await?;
    registry.get::<Users>()?.create(ada()).await?;
    // The first delivery fails; the next one is due after 30 s.
    sleep(SECOND * 2).await;
    assert!(letters.try_recv().is_err());
    recorded.clear();
    shop::restart_background_tasks(&registry)?;
    sleep(SECOND).await;
    assert_eq!([HEARTBEAT, HEALTH, FIGURES].map(|it| recorded.count(it)), [1, 1, 1], "each task ran once, immediately");
    letters.try_recv()?;

    sleep(HOUR / 2).await;
    shop::restart_background_tasks(&registry)?;
    recorded.clear();
    sleep(HOUR - MINUTE - SECOND).await;
    assert_eq!((recorded.count(SWEPT), recorded.count(HEARTBEAT)), (0, 12 * 59), "the previous tasks have ended");
    sleep(2 * MINUTE).await;
    assert_eq!(recorded.count(SWEPT), 1);
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    sleep(SECOND).await;
    assert_eq!((recorded.count(PACKED), failures(&registry).len()), (1, 0));
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn sigusr1_restarts_every_task() {
    let folder = Folder::new();
    let mut command = shop(folder.path(), &["--port", "0"]);
    let mut shop = Shop::start_as(command.env("RUST_LOG", "shop=info").stderr(Stdio::piped()));
    let mut log = shop.log();
    let mut until = |message: &str| while !log.next().expect("the shop logs").expect("a line").contains(message) {};
    until(FIGURES);
    shop.send_signal("USR1");
    until("restarted every background task");
    until(FIGURES);
}
