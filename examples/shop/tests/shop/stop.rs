//! A stop at any moment: after a busy minute, during a request, between the boot and the first line of output.

use std::future::{Future, poll_fn};
use std::io::{Read, Write, pipe};
use std::os::unix::net::UnixDatagram;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use service_core::{Registry, Result};
use shop::letters::{Letter, Mail};
use shop::sales::Orders;
use shop::storage::Db;
use shop::{Announcement, Settings, ShopError};
use tokio::time::{sleep, timeout};

use crate::client::shop;
use crate::folder::Folder;
use crate::isolated::{open, order};

const LIMIT: Duration = Duration::from_secs(60);
const USER: &str = "insert into users (name, email) values ('Ada', 'ada@example.com')";

async fn change(registry: &Registry, sql: &'static str) -> Result<()> {
    Ok(registry.get::<Db>()?.write(|transaction| Ok(transaction.execute_batch(sql)?)).await?)
}

async fn count(registry: &Registry, sql: &'static str) -> Result<i64> {
    Ok(registry.get::<Db>()?.read(|it| Ok(it.query_row(sql, (), |row| row.get(0))?)).await?)
}

/// Takes a second for each letter.
struct SlowPost;

#[async_trait]
impl Mail for SlowPost {
    async fn deliver(&self, _: i64, _: &Letter) -> Result<(), ShopError> {
        sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn letters_that_wait_are_left_for_the_next_start() -> Result<()> {
    let folder = Folder::new();
    let settings = || Settings { port: 0, data: folder.path().to_owned(), ..Settings::default() };
    let post = || shop::registry(settings()).replace_dyn::<dyn Mail>(Arc::new(SlowPost)).isolated();
    let registry = post().boot().await?;
    let letters = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100)
                   insert into letters (recipient, subject, body) select 'a@b', 'hello', '' from n";
    change(&registry, letters).await?;
    shop::restart_background_tasks(&registry)?;
    sleep(Duration::from_millis(3_500)).await;
    let report = registry.shutdown().await?;
    assert!(report.total < Duration::from_secs(3), "{report}");

    let registry = post().boot().await?;
    const WAITING: &str = "select count(*) from letters where sent_at is null";
    let left = count(&registry, WAITING).await?;
    assert!((90..100).contains(&left), "{left}");
    sleep(Duration::from_secs(120)).await;
    assert_eq!(count(&registry, WAITING).await?, 0);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn orders_that_wait_are_left_for_the_next_start() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    change(&registry, USER).await?;
    let orders = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 200000)
                  insert into orders (user_id, total_cents) select 1, 0 from n";
    change(&registry, orders).await?;
    shop::restart_background_tasks(&registry)?;
    registry.shutdown().await?;
    let left: i64 = Connection::open(folder.path().join("shop.db"))?.query_row(
        "select count(*) from orders where packed_at is null",
        (),
        |row| row.get(0),
    )?;
    assert!(left > 0);
    Ok(())
}

#[tokio::test]
async fn an_order_whose_client_disconnects_is_packed() -> Result<()> {
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 0).await?;
    change(&registry, USER).await?;
    // Another process holds the order back until the client has gone.
    let other = Connection::open(folder.path().join("shop.db"))?;
    other.execute_batch("begin immediate")?;
    let orders = registry.get::<Orders>()?;
    {
        let mut placing = pin!(orders.place(order(&[(7, 1)])));
        let is_pending = poll_fn(|cx| Poll::Ready(placing.as_mut().poll(cx).is_pending())).await;
        assert!(is_pending, "it is being written");
    }
    other.execute_batch("rollback")?;
    let packed = async {
        loop {
            match orders.find(1).await {
                Ok(order) if order.packed_at.is_some() => break Ok(()),
                Ok(_) | Err(ShopError::NotFound { .. }) => sleep(Duration::from_millis(10)).await,
                Err(error) => break Err(error),
            }
        }
    };
    timeout(LIMIT, packed).await??;
    let (_, letter) = timeout(LIMIT, letters.recv()).await?.ok_or("the confirmation")?;
    assert_eq!(letter.subject, "Your order 1");
    drop(orders);
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn a_reader_that_has_stalled_delays_no_stop() {
    let folder = Folder::new();
    let notified = Folder::new();
    let systemd = UnixDatagram::bind(notified.path()).expect("a socket");
    systemd.set_read_timeout(Some(LIMIT)).expect("a limit");
    // A full pipe that nobody reads: the first line that the shop prints after its boot waits.
    let (mut reader, mut writer) = pipe().expect("a pipe");
    const FULL: usize = 65_536;
    writer.write_all(&[b' '; FULL]).expect("room");
    let mut command = shop(folder.path(), &["--port", "0"]);
    command.env("NOTIFY_SOCKET", notified.path()).stdout(writer).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the shop starts");
    // The shop is the only writer from now on.
    drop(command);
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&buffer).lines().any(|line| line == "READY=1") {
        buffer.fill(b' ');
        systemd.recv(&mut buffer).expect("a message");
    }
    assert!(Command::new("kill").arg(process.id().to_string()).status().expect("kill runs").success());
    let mut stderr = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
    assert_eq!((process.wait().expect("an end").code(), &*stderr), (Some(0), ""));
    let mut printed = Vec::new();
    reader.read_to_end(&mut printed).expect("the pipe");
    assert_eq!(printed.len(), FULL, "nothing was printed");
    std::fs::remove_file(notified.path()).expect("the socket");
}

#[tokio::test]
async fn a_signal_between_the_boot_and_the_run_shuts_down_cleanly() -> Result<()> {
    let folder = Folder::new();
    let (registry, _letters) = open(&folder, 0).await?;
    registry.request_shutdown("a signal");
    registry.stopped().await?;
    let announced = Announcement::new(&registry).to_string();
    assert!(announced.contains("up in ") && !announced.contains("listening"), "{announced}");
    let report = registry.run().await?;
    assert!(report.is_clean(), "{report}");
    Ok(())
}
