//! The shop's background tasks: each in its turn, each again after a failure, and each anew when it is told to.

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
use crate::notes::Notes;

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

/// How often each task has failed, by its name.
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
async fn each_has_its_turn() -> Result<()> {
    let (notes, _taking) = Notes::begin();
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    // Each runs at once, too.
    sleep(SECOND).await;
    notes.clear();
    sleep(MINUTE - SECOND * 3 / 2).await;
    let told = [HEARTBEAT, HEALTH, FIGURES].map(|it| notes.count(it));
    assert_eq!(told, [11, 1, 0], "every 5 s, every 30 s, every minute");
    sleep(SECOND).await;
    assert_eq!([HEARTBEAT, HEALTH, FIGURES].map(|it| notes.count(it)), [12, 2, 1]);

    registry.get::<Users>()?.create(ada()).await?;
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    sleep(SECOND).await;
    assert!(is_packed(&registry, 1).await?, "as soon as it was placed");

    change(&registry, "update letters set sent_at = '2000-01-01T00:00:00Z'").await?;
    sleep(HOUR).await;
    assert_eq!((notes.count(SWEPT), notes.count(PACKED)), (1, 1));
    let letters = registry.get::<Db>()?;
    let left: i64 = letters.read(|it| Ok(it.query_row("select count(*) from letters", (), |row| row.get(0))?)).await?;
    assert_eq!(left, 0, "what was sent long ago is gone");
    sleep(25 * HOUR).await;
    assert_eq!(notes.count(SWEPT), 2, "once a day");
    drop(letters);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_works_again_once_it_can() -> Result<()> {
    let (notes, _taking) = Notes::begin();
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    letters.recv().await.ok_or("the welcome")?;

    let away = "alter table orders rename column packed_at to away; alter table letters rename column sent_at to away";
    change(&registry, away).await?;
    let placed = registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    notes.clear();
    sleep(HOUR + MINUTE).await;
    let failed = failures(&registry);
    assert_eq!(failed.keys().collect::<Vec<_>>(), ["deliver", "figures", "pack", "sweep"], "{failed:?}");
    assert_eq!(failed["sweep"], 1);
    assert!((60..=62).contains(&failed["figures"]), "once a minute: {failed:?}");
    // 1, 2, 4, 8 and 16 s, and then every 30 s.
    assert!((120..=128).contains(&failed["pack"]), "it backs off: {failed:?}");
    assert_eq!((notes.count(FIGURES), notes.count(SWEPT), notes.count(PACKED)), (0, 0, 0));
    assert!(notes.count(HEARTBEAT) >= 720 && notes.count(HEALTH) >= 120, "the others go on");
    assert!(registry.is_ready() && registry.readiness().await.is_up());

    let back = "alter table orders rename column away to packed_at; alter table letters rename column away to sent_at";
    change(&registry, back).await?;
    sleep(MINUTE + SECOND).await;
    assert_eq!((notes.count(FIGURES), notes.count(PACKED)), (1, 1));
    let (_, letter) = letters.recv().await.ok_or("the confirmation")?;
    assert_eq!(letter.subject, format!("Your order {}", placed.id));
    sleep(25 * HOUR).await;
    assert_eq!(notes.count(SWEPT), 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_begins_anew_when_it_is_told_to() -> Result<()> {
    let (notes, _taking) = Notes::begin();
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 1).await?;
    registry.get::<Users>()?.create(ada()).await?;
    // The first letter is lost, and tried again after 30 s.
    sleep(SECOND * 2).await;
    assert!(letters.try_recv().is_err());
    notes.clear();
    shop::restart_background_tasks(&registry)?;
    sleep(SECOND).await;
    assert_eq!([HEARTBEAT, HEALTH, FIGURES].map(|it| notes.count(it)), [1, 1, 1], "at once, and one of each");
    letters.try_recv()?;

    sleep(HOUR / 2).await;
    shop::restart_background_tasks(&registry)?;
    notes.clear();
    sleep(HOUR - MINUTE - SECOND).await;
    assert_eq!((notes.count(SWEPT), notes.count(HEARTBEAT)), (0, 12 * 59), "the old ones are gone");
    sleep(2 * MINUTE).await;
    assert_eq!(notes.count(SWEPT), 1);
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    sleep(SECOND).await;
    assert_eq!((notes.count(PACKED), failures(&registry).len()), (1, 0));
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn a_signal_tells_them_to() {
    let folder = Folder::new();
    let mut command = shop(folder.path(), &["--port", "0"]);
    let mut shop = Shop::start_as(command.env("RUST_LOG", "shop=info").stderr(Stdio::piped()));
    let mut log = shop.log();
    let mut until = |words: &str| while !log.next().expect("it logs").expect("a line").contains(words) {};
    until(FIGURES);
    shop.tell("USR1");
    until("restarted every background task");
    until(FIGURES);
}
