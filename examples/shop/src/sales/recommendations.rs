//! [`Recommendations`]: products that are bought together.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::Connection;
use service_core::{Context, Lifecycle, NotReady, Result, guarded, service};

use crate::ShopError;
use crate::storage::Db;

const REFRESH_AFTER: Duration = Duration::from_secs(60);
const AT_MOST: usize = 3;

/// Products that are bought together, counted at boot and every minute. The shop works without it.
#[service(requires = [Db], optional, init_timeout = "5s")]
pub struct Recommendations {
    db: Arc<Db>,
    together: RwLock<Together>,
}

/// For each product, the products bought with it, most often first.
type Together = HashMap<i64, Vec<i64>>;

impl Lifecycle for Recommendations {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let db: Arc<Db> = cx.get();
        let together = RwLock::new(db.read(count).await?);
        Ok(Self { db, together })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let task = cx.clone();
        cx.spawn("refresh", async move {
            while task.sleep(REFRESH_AFTER).await {
                match self.db.read(count).await {
                    Ok(together) => *self.together.write().unwrap_or_else(PoisonError::into_inner) = together,
                    Err(error) => tracing::warn!(%error, "recommendations stay as they were"),
                }
            }
        });
        Ok(())
    }
}

impl Recommendations {
    /// The ids of up to three products that were bought with this one, most often first.
    #[guarded]
    pub fn bought_with(&self, product_id: i64) -> Result<Vec<i64>, NotReady> {
        let together = self.together.read().unwrap_or_else(PoisonError::into_inner);
        Ok(together.get(&product_id).cloned().unwrap_or_default())
    }
}

fn count(connection: &Connection) -> Result<Together, ShopError> {
    let mut pairs = connection.prepare_cached(
        "select this.product_id, other.product_id
         from order_lines this join order_lines other using (order_id)
         join products on products.id = other.product_id and on_sale
         where this.product_id <> other.product_id
         group by 1, 2 order by 1, count(*) desc, 2",
    )?;
    let mut together = Together::new();
    for pair in pairs.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (this, other) = pair?;
        let others = together.entry(this).or_default();
        if others.len() < AT_MOST {
            others.push(other);
        }
    }
    Ok(together)
}
