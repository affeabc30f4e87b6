//! [`Order`]: what somebody bought.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::ShopError;

/// What somebody wants to buy.
#[derive(Clone, Debug, Deserialize)]
pub struct NewOrder {
    /// Who.
    pub user_id: i64,
    /// What; a product that is named twice is bought twice.
    pub lines: Vec<NewLine>,
}

/// How many of one product.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct NewLine {
    /// Which.
    pub product_id: i64,
    /// How many, from 1 to 1000.
    pub quantity: i64,
}

/// What somebody bought.
#[derive(Debug, PartialEq, Serialize)]
pub struct Order {
    /// The shop's number for it.
    pub id: i64,
    /// Who.
    pub user_id: i64,
    /// When, in UTC.
    pub placed_at: String,
    /// When it was packed, in UTC, if it was.
    pub packed_at: Option<String>,
    /// All lines together, in cents.
    pub total_cents: i64,
    /// Product by product, in the order of their ids.
    pub lines: Vec<OrderLine>,
}

/// How many of one product, as it was when the order was placed.
#[derive(Debug, PartialEq, Serialize)]
pub struct OrderLine {
    /// Which.
    pub product_id: i64,
    /// What it was called.
    pub name: String,
    /// What one of it cost, in cents.
    pub price_cents: i64,
    /// How many.
    pub quantity: i64,
}

const MOST_LINES: usize = 100;
const MOST_PIECES: i64 = 1_000;

impl NewOrder {
    /// The same with one line a product, in the order of their ids, if it can be.
    ///
    /// # Errors
    /// [`ShopError::Invalid`] says what is wrong.
    pub(super) fn checked(mut self) -> Result<Self, ShopError> {
        let possible = |line: &NewLine| (1..=MOST_PIECES).contains(&line.quantity);
        // Before they are added up as well: 3 and -2 are not 1.
        let all_possible = self.lines.iter().all(possible);
        self.lines.sort_by_key(|line| line.product_id);
        self.lines.dedup_by(|line, kept| {
            let same = line.product_id == kept.product_id;
            if same {
                kept.quantity = kept.quantity.saturating_add(line.quantity);
            }
            same
        });
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            return Err(ShopError::Invalid(format!("an order has 1 to {MOST_LINES} lines")));
        }
        if !(all_possible && self.lines.iter().all(possible)) {
            return Err(ShopError::Invalid(format!("of each product, 1 to {MOST_PIECES} can be ordered")));
        }
        Ok(self)
    }
}

impl OrderLine {
    /// What all of this line costs, in cents.
    pub(super) fn total_cents(&self) -> i64 {
        self.price_cents * self.quantity
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            product_id: row.get("product_id")?,
            name: row.get("name")?,
            price_cents: row.get("price_cents")?,
            quantity: row.get("quantity")?,
        })
    }
}

#[cfg(test)]
mod tests;
