//! [`Product`]: a product on sale.

use rusqlite::Row;
use serde::Serialize;

/// A product on sale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// The id.
    pub id: i64,
    /// The supplier's number.
    pub sku: String,
    /// The name.
    pub name: String,
    /// The category.
    pub category: String,
    /// Its price, in cents.
    pub price_cents: i64,
    /// The number of pieces in stock.
    pub stock: i64,
}

/// One page of the result of a search.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The number of this page; the first is 1.
    pub page: u32,
    /// The number of pages.
    pub pages: i64,
    /// The number of products on all pages.
    pub total: i64,
    /// The products on this page.
    pub products: Vec<Product>,
}

impl Product {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            sku: row.get("sku")?,
            name: row.get("name")?,
            category: row.get("category")?,
            price_cents: row.get("price_cents")?,
            stock: row.get("stock")?,
        })
    }
}
