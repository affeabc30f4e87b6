//! [`Reports`]: sales by category.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use serde::Serialize;
use service_core::{Context, Lifecycle, Result, guarded, service};

use crate::ShopError;
use crate::storage::{Db, blocking};

/// Sales by category. Reports are rare, so the service starts at its first use. It reads through a connection of its own, so
/// that a long report does not delay orders.
#[service(requires = [Db], lazy)]
pub struct Reports {
    connection: Arc<Mutex<Connection>>,
}

/// The sales of one category.
#[derive(Debug, PartialEq, Serialize)]
pub struct CategorySales {
    /// The category.
    pub category: String,
    /// The number of pieces.
    pub pieces: i64,
    /// The revenue, in cents.
    pub cents: i64,
}

impl Lifecycle for Reports {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let connection = cx.get::<Db>().open_reader().await?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }
}

impl Reports {
    /// The sales of each category, the highest revenue first.
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
