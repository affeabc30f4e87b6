//! [`Order`]: an order of a user.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::ShopError;

/// An order to be placed.
#[derive(Clone, Debug, Deserialize)]
pub struct NewOrder {
    /// The user.
    pub user_id: i64,
    /// The lines. A product in two lines is ordered twice.
    pub lines: Vec<NewLine>,
}

/// A line of an order to be placed.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct NewLine {
    /// The product.
    pub product_id: i64,
    /// The number of pieces, from 1 to 1000.
    pub quantity: i64,
}

/// An order.
#[derive(Debug, PartialEq, Serialize)]
pub struct Order {
    /// The id.
    pub id: i64,
    /// The user.
    pub user_id: i64,
    /// When it was placed, in UTC.
    pub placed_at: String,
    /// When it was packed, in UTC, if it was.
    pub packed_at: Option<String>,
    /// The total of all lines, in cents.
    pub total_cents: i64,
    /// One line for each product, in the order of their ids.
    pub lines: Vec<OrderLine>,
}

/// A line of an order, with the name and price of the moment at which it was placed.
#[derive(Debug, PartialEq, Serialize)]
pub struct OrderLine {
    /// The product.
    pub product_id: i64,
    /// The name of the product.
    pub name: String,
    /// The price of one piece, in cents.
    pub price_cents: i64,
    /// The number of pieces.
    pub quantity: i64,
}

const MOST_LINES: usize = 100;
const MOST_PIECES: i64 = 1_000;

impl NewOrder {
    /// The same order with one line for each product, in the order of their ids.
    ///
    /// # Errors
    /// [`ShopError::Invalid`] if the order is not valid.
    pub(super) fn checked(mut self) -> Result<Self, ShopError> {
        let possible = |line: &NewLine| (1..=MOST_PIECES).contains(&line.quantity);
        // Each line is checked before the lines are added up: 3 and -2 are not 1.
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
    /// The price of the line, in cents.
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
