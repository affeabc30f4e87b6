//! Imports a price list.

use rusqlite::{OptionalExtension, Transaction, params};

use super::PriceList;
use crate::ShopError;

/// Updates the products from the list, and returns whether it did: the list that was imported last is skipped.
///
/// A list changes the stock by the difference to the list before it, so that products sold since then stay sold.
pub(super) fn import(transaction: &Transaction<'_>, list: &PriceList) -> Result<bool, ShopError> {
    let last: Option<String> = transaction
        .query_row("select fingerprint from price_lists order by id desc limit 1", (), |row| row.get(0))
        .optional()?;
    if last.as_ref() == Some(&list.fingerprint) {
        return Ok(false);
    }
    transaction.execute("update products set on_sale = 0", ())?;
    let mut upsert = transaction.prepare(
        "insert into products (sku, name, category, price_cents, stock, listed, on_sale) values (?1, ?2, ?3, ?4, ?5, ?5, 1)
         on conflict (sku) do update set
             name = excluded.name, category = excluded.category, price_cents = excluded.price_cents,
             stock = max(0, stock + excluded.listed - listed), listed = excluded.listed, on_sale = 1",
    )?;
    for entry in &list.entries {
        upsert.execute(params![entry.sku, entry.name, entry.category, entry.price_cents, entry.stock])?;
    }
    transaction.execute("insert into price_lists (fingerprint) values (?1)", [&list.fingerprint])?;
    Ok(true)
}
