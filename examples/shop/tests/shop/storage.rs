//! The database and the spool when something outside of the shop interferes: other processes, slow reads, damaged files.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use service_core::{Health, Registry, Result};
use shop::sales::{Orders, Users};
use shop::storage::Db;
use shop::{Settings, ShopError};
use tokio::time::{sleep, timeout};

use crate::client::{Shop, shop};
use crate::folder::Folder;
use crate::isolated::{ada, open, order};

const LIMIT: Duration = Duration::from_secs(60);

/// Another process with a transaction that writes: `sqlite3 shop.db`, or a backup.
fn lock(folder: &Folder) -> Result<Connection> {
    let other = Connection::open(folder.path().join("shop.db"))?;
    other.execute_batch("begin immediate")?;
    Ok(other)
}

async fn health(registry: &Registry, service: &str) -> Option<Health> {
    registry.health().await.services.into_iter().find(|it| it.name == service).map(|it| it.health)
}

#[tokio::test]
async fn a_slow_read_delays_no_order() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    let db = registry.get::<Db>()?;
    let (started, has_started) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let slow = tokio::spawn(async move {
        let read = db.read(move |_| {
            started.send(()).expect("the test waits");
            // Ends with the sender.
            let _ = ended.recv();
            Ok(())
        });
        read.await
    });
    tokio::task::spawn_blocking(move || has_started.recv()).await??;
    timeout(LIMIT, registry.get::<Orders>()?.place(order(&[(7, 1)]))).await??;
    timeout(LIMIT, registry.get::<Orders>()?.find(1)).await??;
    drop(end);
    slow.await??;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn an_order_waits_while_another_process_writes() -> Result<()> {
    let folder = Folder::new();
    let settings = Settings { port: 0, data: folder.path().to_owned(), wait: LIMIT, ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    registry.get::<Users>()?.create(ada()).await?;
    let other = lock(&folder)?;
    // SQLite's bindings wait for 5 s by default.
    let writing = thread::spawn(move || {
        thread::sleep(Duration::from_secs(6));
        other.execute_batch("rollback")
    });
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    writing.join().expect("no panic")?;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_damaged_while_the_shop_runs_is_unhealthy() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    assert_eq!(health(&registry, "Db").await, Some(Health::Healthy));
    damage(&folder.path().join("shop.db"), 1)?;
    let orders = registry.get::<Orders>()?;
    orders.place(order(&[(7, 1)])).await.expect_err("the pages of its products are overwritten");
    let found = health(&registry, "Db").await;
    assert!(matches!(&found, Some(Health::Unhealthy(why)) if why.contains("damaged")), "{found:?}");
    assert!(!registry.readiness().await.is_up());
    // The letters that wait stay in the database.
    let _ = registry.shutdown().await;
    Ok(())
}

const PAGE: u64 = 4_096;

/// Overwrites the pages from this one on; the first is 0.
fn damage(database: &Path, first: u64) -> Result<()> {
    Connection::open(database)?.query_row("pragma wal_checkpoint(truncate)", (), |_| Ok(()))?;
    let mut file = OpenOptions::new().read(true).write(true).open(database)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(first * PAGE))?;
    file.write_all(&vec![0xA5; usize::try_from(size - first * PAGE)?])?;
    file.sync_all()?;
    Ok(())
}

/// A page in the middle of the price list, which a boot does not read.
fn middle(database: &Path) -> Result<u64> {
    Ok(fs::metadata(database)?.len() / PAGE / 2)
}

#[tokio::test(start_paused = true)]
async fn damage_that_no_request_meets_is_found_within_minutes() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    let database = folder.path().join("shop.db");
    damage(&database, middle(&database)?)?;
    sleep(Duration::from_secs(5 * 60 + 1)).await;
    let found = health(&registry, "Db").await;
    assert!(matches!(&found, Some(Health::Unhealthy(why)) if why.contains("damaged")), "{found:?}");
    let _ = registry.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_database_that_stays_locked_is_answered_in_time() -> Result<()> {
    let folder = Folder::new();
    let wait = Duration::from_millis(500);
    let settings = Settings { port: 0, data: folder.path().to_owned(), wait, ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    let other = lock(&folder)?;
    let users = registry.get::<Users>()?;
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let users = users.clone();
            tokio::spawn(async move { users.create(ada()).await })
        })
        .collect();
    let began = Instant::now();
    for user in waiting {
        let refused = user.await?.expect_err("it is locked");
        assert!(matches!(refused, ShopError::Busy), "{refused}");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "they wait at the same time: {:?}", began.elapsed());
    assert_eq!(health(&registry, "Db").await, Some(Health::Healthy));
    other.execute_batch("rollback")?;
    users.create(ada()).await?;
    drop(users);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_interrupted() -> Result<()> {
    let folder = Folder::new();
    let wait = Duration::from_millis(200);
    let settings = Settings { port: 0, data: folder.path().to_owned(), wait, ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    let db = registry.get::<Db>()?;
    const ENDLESS: &str = "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";
    // More than there are connections.
    let reads: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.read(|it| Ok(it.query_row(ENDLESS, (), |row| row.get::<_, i64>(0))?)).await })
        })
        .collect();
    for read in reads {
        let interrupted = timeout(LIMIT, read).await??.expect_err("it never ends");
        assert!(matches!(interrupted, ShopError::Busy), "{interrupted}");
    }
    assert_eq!(db.read(|it| Ok(it.query_row("select 1", (), |row| row.get::<_, i64>(0))?)).await?, 1);
    drop(db);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_read_that_panics_returns_its_connection() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    let db = registry.get::<Db>()?;
    for _ in 0..8 {
        let panicking = db.clone();
        let read =
            tokio::spawn(async move { panicking.read(|_| -> Result<(), ShopError> { panic!("on purpose") }).await });
        assert!(read.await.expect_err("it panics").is_panic());
    }
    db.read(|_| Ok(())).await?;
    drop(db);
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn a_damaged_database_is_refused_at_the_boot() {
    let folder = Folder::new();
    Shop::start(folder.path()).signal("TERM");
    let database = folder.path().join("shop.db");
    middle(&database).and_then(|page| damage(&database, page)).expect("the file is there");
    let output = shop(folder.path(), &["--port", "0"]).output().expect("the shop runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("damaged"), "{stderr}");
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_cannot_be_synced_is_not_sent() -> Result<()> {
    let folder = Folder::new();
    let settings = Settings { port: 0, data: folder.path().to_owned(), ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    // Takes every write, and fails to sync. The first delivery that fails removes the link.
    symlink("/dev/null", folder.path().join("spool/1.unfinished"))?;
    registry.get::<Users>()?.create(ada()).await?;
    sleep(Duration::from_secs(1)).await;
    let waiting = Health::degraded("letters that could not be delivered yet: 1");
    assert_eq!(health(&registry, "Outbox").await, Some(waiting));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(health(&registry, "Outbox").await, Some(Health::Healthy));
    let mut letter = String::new();
    fs::File::open(folder.path().join("spool/1.eml"))?.read_to_string(&mut letter)?;
    assert!(letter.starts_with("From: "), "{letter}");
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn no_file_is_readable_by_other_users() {
    let folder = Folder::new();
    let program = shop(folder.path(), &["--port", "0"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "umask 022; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    let shop = Shop::start_as(&mut command);
    assert_eq!(shop.post("/users", r#"{"name": "Ada", "email": "ada@example.com"}"#).0, 201);
    let spool = folder.path().join("spool");
    let letter = spool.join("1.eml");
    for _ in 0..600 {
        if letter.exists() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    for file in ["lock", "shop.db", "shop.db-wal", "shop.db-shm"] {
        assert_eq!(format!("{:o}", mode(&folder.path().join(file))), "600", "{file}");
    }
    for path in [folder.path(), &*spool] {
        assert_eq!(format!("{:o}", mode(path)), "750", "{}", path.display());
    }
    assert_eq!(format!("{:o}", mode(&letter)), "640", "the mail server is in the group");
}
