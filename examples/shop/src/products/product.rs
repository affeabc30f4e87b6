//! [`Product`]: one thing the shop sells.

use rusqlite::Row;
use serde::Serialize;

/// One thing the shop sells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// The shop's number for it.
    pub id: i64,
    /// The supplier's.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// Where it stands in the shop.
    pub category: String,
    /// Its price, in cents.
    pub price_cents: i64,
    /// How many there are.
    pub stock: i64,
}

/// Some of the products that were searched for.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The number of this page, from 1.
    pub page: u32,
    /// How many pages there are.
    pub pages: i64,
    /// How many products there are on all of them.
    pub total: i64,
    /// The products on this one.
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
