//! Several shops in one process, each with its own registry, its own folder and a fake mailer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use service_core::{Registry, Result};
use shop::letters::{Letter, Mail};
use shop::products::Catalog;
use shop::sales::{NewLine, NewOrder, NewUser, Orders, Reports, Users};
use shop::storage::Db;
use shop::{Settings, ShopError};
use tokio::sync::mpsc;

use crate::folder::Folder;

/// Records delivered letters. The first few deliveries fail.
struct Post {
    delivered: mpsc::UnboundedSender<(i64, Letter)>,
    failures: AtomicUsize,
}

#[async_trait]
impl Mail for Post {
    async fn deliver(&self, number: i64, letter: &Letter) -> Result<(), ShopError> {
        let decrement = |left: usize| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, decrement).is_ok() {
            return Err(ShopError::Delivery(std::io::Error::other("the pigeon got lost")));
        }
        // A test that does not need the letters has dropped the receiver.
        let _ = self.delivered.send((number, letter.clone()));
        Ok(())
    }
}

pub(crate) async fn open(
    folder: &Folder,
    failures: usize,
) -> Result<(Registry, mpsc::UnboundedReceiver<(i64, Letter)>)> {
    let (delivered, letters) = mpsc::unbounded_channel();
    let settings = Settings { port: 0, data: folder.path().to_owned(), ..Settings::default() };
    let post: Arc<dyn Mail> = Arc::new(Post { delivered, failures: AtomicUsize::new(failures) });
    let registry = shop::registry(settings).replace_dyn::<dyn Mail>(post).isolated().boot().await?;
    Ok((registry, letters))
}

pub(crate) fn ada() -> NewUser {
    NewUser { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }
}

pub(crate) fn order(lines: &[(i64, i64)]) -> NewOrder {
    let lines = lines.iter().map(|&(product_id, quantity)| NewLine { product_id, quantity }).collect();
    NewOrder { user_id: 1, lines }
}

async fn count(registry: &Registry, table: &'static str) -> Result<i64> {
    let db = registry.get::<Db>()?;
    Ok(db.read(move |it| Ok(it.query_row(&format!("select count(*) from {table}"), (), |row| row.get(0))?)).await?)
}

#[tokio::test]
async fn an_order_that_cannot_be_filled_changes_nothing() -> Result<()> {
    let folder = Folder::new();
    let (registry, _) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    let (orders, catalog) = (registry.get::<Orders>()?, registry.get::<Catalog>()?);
    let before = catalog.find(7).await?.stock;

    let refused = orders.place(order(&[(7, 1), (9_999, 1)])).await.expect_err("there is no such product");
    assert!(matches!(refused, ShopError::NotFound { kind: "product", id: 9_999 }), "{refused}");
    assert_eq!(catalog.find(7).await?.stock, before);
    assert_eq!((count(&registry, "orders").await?, count(&registry, "order_lines").await?), (0, 0));
    assert_eq!(count(&registry, "letters").await?, 1, "only the welcome");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_last_item_in_stock_is_sold_once() -> Result<()> {
    let folder = Folder::new();
    let (registry, _) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    let orders = registry.get::<Orders>()?;
    let all = registry.get::<Catalog>()?.find(7).await?.stock;
    orders.place(order(&[(7, all - 1)])).await?;

    let rivals: Vec<_> = (0..8)
        .map(|_| {
            let orders = Arc::clone(&orders);
            tokio::spawn(async move { orders.place(order(&[(7, 1)])).await })
        })
        .collect();
    let mut sold = 0;
    for rival in rivals {
        match rival.await? {
            Ok(_) => sold += 1,
            Err(refused) => assert!(matches!(refused, ShopError::OutOfStock { left: 0, .. }), "{refused}"),
        }
    }
    assert_eq!(sold, 1);
    drop(orders);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_is_retried() -> Result<()> {
    let folder = Folder::new();
    let (registry, mut letters) = open(&folder, 2).await?;
    registry.get::<Users>()?.create(ada()).await?;
    let (number, letter) = letters.recv().await.ok_or("the post is closed")?;
    assert_eq!((number, &*letter.subject), (1, "Welcome to the shop"));
    registry.shutdown().await?;
    assert!(letters.try_recv().is_err(), "the letter was delivered once");
    Ok(())
}

#[tokio::test]
async fn each_letter_is_delivered_once_by_this_shop_or_the_next() -> Result<()> {
    let folder = Folder::new();
    let (registry, mut first) = open(&folder, 0).await?;
    registry.get::<Users>()?.create(ada()).await?;
    registry.get::<Orders>()?.place(order(&[(7, 1)])).await?;
    registry.shutdown().await?;
    let (registry, mut second) = open(&folder, 0).await?;
    let mut subjects = Vec::new();
    while subjects.len() < 2 {
        let (_, letter) = match first.try_recv() {
            Ok(delivered) => delivered,
            Err(_) => second.recv().await.ok_or("the post is closed")?,
        };
        subjects.push(letter.subject);
    }
    assert_eq!(subjects, ["Welcome to the shop", "Your order 1"]);
    registry.shutdown().await?;
    assert!(second.try_recv().is_err());
    Ok(())
}

#[tokio::test]
async fn the_first_request_boots_the_lazy_reports() -> Result<()> {
    let folder = Folder::new();
    let (registry, _) = open(&folder, 0).await?;
    let sales = registry.scope(async { Reports::service().await?.sales().await }).await?;
    assert_eq!(sales, []);
    registry.shutdown().await?;
    Ok(())
}
