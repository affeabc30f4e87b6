//! A full disk: requests are refused, no incomplete data is written, the health reports it, and the shop recovers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use service_core::{Health, Registry, Result};
use shop::Settings;
use shop::sales::Users;
use tokio::time::sleep;

use crate::client::{Shop, shop};
use crate::folder::Folder;
use crate::isolated::ada;

const REFUSED: &str = "the shop can't write anything down at the moment, so nothing was changed; try again later";

/// A shop whose file size can be limited, so that writes fail as on a full disk.
fn limited(data: &Path) -> Command {
    let program = shop(data, &["--port", "0", "--probes", "127.0.0.1:0"]);
    let mut limited = Command::new("sh");
    // Ignores the signal that a write beyond the limit sends.
    limited.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    limited
}

/// Limits the size of the files that the shop writes.
fn limit(shop: &Shop, bytes: &str) {
    let id = shop.id().to_string();
    let set = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:")]).status();
    assert!(set.expect("prlimit runs").success());
}

/// The status and the error of a service.
fn health(shop: &Shop, service: &str) -> (String, Value) {
    let (_, report) = shop.probe("/healthz");
    let found = report["components"].as_array().expect("services").iter().find(|it| it["name"] == service);
    let found = found.unwrap_or_else(|| panic!("{service} is not in {report}"));
    (found["status"].as_str().expect("a status").to_owned(), found["error"].clone())
}

fn spooled(data: &Path) -> Vec<String> {
    let names = fs::read_dir(data.join("spool")).expect("the spool").map(|it| it.expect("an entry").file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn an_order_is_refused_while_the_disk_is_full_and_accepted_afterwards() {
    let folder = Folder::new();
    let shop = Shop::start_as(&mut limited(folder.path()));
    assert_eq!(shop.post("/users", r#"{"name": "Ada", "email": "ada@example.com"}"#).0, 201);
    let order = r#"{"user_id": 1, "lines": [{"product_id": 7, "quantity": 1}]}"#;
    assert_eq!(shop.post("/orders", order).0, 201);
    let stock = || shop.get("/products/7").1["stock"].as_i64().expect("a stock");
    let before = stock();
    assert_eq!(health(&shop, "Db"), ("healthy".to_owned(), Value::Null));

    limit(&shop, "0");
    for _ in 0..3 {
        assert_eq!(shop.post("/orders", order), (503, json!({ "error": REFUSED })));
    }
    assert_eq!((stock(), shop.get("/orders/2").0, shop.get("/orders/1").0), (before, 404, 200));
    let (status, why) = health(&shop, "Db");
    assert_eq!(status, "degraded");
    assert!(why.as_str().is_some_and(|why| why.starts_with("it can be read only: ")), "{why}");
    assert_eq!(shop.probe("/readyz").0, 200, "read requests are served");

    limit(&shop, "unlimited");
    assert_eq!(health(&shop, "Db"), ("healthy".to_owned(), Value::Null), "health recovers without a write request");
    let (status, second) = shop.post("/orders", order);
    assert_eq!((status, &second["id"], stock()), (201, &json!(2), before - 1));

    shop.wait_for(folder.path(), 2, 3);
    let (end, printed) = shop.signal("TERM");
    assert_eq!(end.code(), Some(0), "{printed}");
    assert_eq!(spooled(folder.path()), ["1.eml", "2.eml", "3.eml"], "the welcome, and two orders");
    let again = Shop::start(folder.path());
    assert_eq!(again.get("/orders/2").1["total_cents"], second["total_cents"]);
    assert_eq!(again.get("/orders/3").0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_delivered_when_the_disk_has_space_again() -> Result<()> {
    let folder = Folder::new();
    let settings = Settings { port: 0, data: folder.path().to_owned(), ..Settings::default() };
    let registry: Registry = shop::registry(settings).isolated().boot().await?;
    let outbox =
        async || registry.health().await.services.into_iter().find(|it| it.name == "Outbox").map(|it| it.health);
    // A device that is always full. The first delivery that fails removes the link.
    symlink("/dev/full", folder.path().join("spool/1.unfinished"))?;
    registry.get::<Users>()?.create(ada()).await?;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(spooled(folder.path()), Vec::<String>::new(), "there is no incomplete letter");
    assert_eq!(outbox().await, Some(Health::degraded("letters that could not be delivered yet: 1")));
    assert!(registry.readiness().await.is_up(), "the shop stays ready");
    sleep(Duration::from_secs(31)).await;
    assert_eq!(spooled(folder.path()), ["1.eml"]);
    assert_eq!(outbox().await, Some(Health::Healthy));
    let letter = fs::read_to_string(folder.path().join("spool/1.eml"))?;
    assert!(letter.starts_with("From: ") && letter.ends_with("The shop\r\n"), "{letter}");
    registry.shutdown().await?;
    Ok(())
}
