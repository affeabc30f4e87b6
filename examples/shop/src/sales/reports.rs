//! [`Reports`]: what was sold.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use serde::Serialize;
use service_core::{Context, Lifecycle, Result, guarded, service};

use crate::ShopError;
use crate::storage::{Db, blocking};

/// What was sold. Few ask, so it comes up with the first who does; and a long report must not hold up the till, so it reads
/// through a connection of its own.
#[service(requires = [Db], lazy)]
pub struct Reports {
    connection: Arc<Mutex<Connection>>,
}

/// What was sold in one category.
#[derive(Debug, PartialEq, Serialize)]
pub struct CategorySales {
    /// Which.
    pub category: String,
    /// How many pieces.
    pub pieces: i64,
    /// For how much, in cents.
    pub cents: i64,
}

impl Lifecycle for Reports {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let connection = cx.get::<Db>().open_reader().await?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }
}

impl Reports {
    /// What was sold in each category, best first.
    #[guarded]
    pub async fn sales(&self) -> Result<Vec<CategorySales>, ShopError> {
        let connection = Arc::clone(&self.connection);
        blocking(move || sales(&connection.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

fn sales(connection: &Connection) -> Result<Vec<CategorySales>, ShopError> {
    let mut categories = connection.prepare_cached(
        "select category, sum(quantity), sum(quantity * order_lines.price_cents)
         from order_lines join products on products.id = product_id
         group by category order by 3 desc, category",
    )?;
    let sales = categories
        .query_map((), |row| Ok(CategorySales { category: row.get(0)?, pieces: row.get(1)?, cents: row.get(2)? }))?;
    Ok(sales.collect::<Result<_, _>>()?)
}
