//! [`Orders`]: places and finds orders.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use service_core::{Result, guarded, service};

use super::{NewLine, NewOrder, Order, OrderLine, Packing, User};
use crate::ShopError;
use crate::letters::{Letter, Outbox};
use crate::products::{Cache, Catalog};
use crate::storage::Db;

/// Places and finds orders. It requires the [`Catalog`] because it takes from the stock that the catalog imports, though it
/// never calls it.
#[service(autowire, requires = [Catalog])]
pub struct Orders {
    db: Arc<Db>,
    cache: Arc<Cache>,
    outbox: Arc<Outbox>,
    packing: Arc<Packing>,
}

#[guarded]
impl Orders {
    /// Places the order, or none of it if there is not enough of one product.
    pub async fn place(&self, new: NewOrder) -> Result<Order, ShopError> {
        let new = new.checked()?;
        let (cache, outbox, packing) = (self.cache.clone(), self.outbox.clone(), self.packing.clone());
        let placed = move |order: &Order| {
            for line in &order.lines {
                cache.forget(line.product_id);
            }
            outbox.wake();
            packing.wake();
        };
        self.db.write_then(move |transaction| place(transaction, &new), placed).await
    }

    /// The order with this id.
    pub async fn find(&self, id: i64) -> Result<Order, ShopError> {
        self.db.read(move |connection| find(connection, id)).await
    }
}

fn place(transaction: &Transaction<'_>, new: &NewOrder) -> Result<Order, ShopError> {
    let user = transaction
        .query_row("select * from users where id = ?1", [new.user_id], User::from_row)
        .optional()?
        .ok_or(ShopError::NotFound { kind: "user", id: new.user_id })?;
    let lines = new.lines.iter().map(|&line| take(transaction, line)).collect::<Result<Vec<_>, _>>()?;
    let total_cents: i64 = lines.iter().map(OrderLine::total_cents).sum();

    let (id, placed_at) = transaction.query_row(
        "insert into orders (user_id, total_cents) values (?1, ?2) returning id, placed_at",
        params![user.id, total_cents],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut insert = transaction.prepare_cached(
        "insert into order_lines (order_id, product_id, name, price_cents, quantity) values (?1, ?2, ?3, ?4, ?5)",
    )?;
    for line in &lines {
        insert.execute(params![id, line.product_id, line.name, line.price_cents, line.quantity])?;
    }

    let order = Order { id, user_id: user.id, placed_at, packed_at: None, total_cents, lines };
    Outbox::queue(transaction, &confirmation(&user, &order))?;
    Ok(order)
}

/// Takes the pieces of a line from the stock.
fn take(transaction: &Transaction<'_>, line: NewLine) -> Result<OrderLine, ShopError> {
    let NewLine { product_id, quantity } = line;
    let taken = transaction
        .prepare_cached(
            "update products set stock = stock - ?2 where id = ?1 and on_sale and stock >= ?2
             returning name, price_cents",
        )?
        .query_row(params![product_id, quantity], |row| {
            Ok(OrderLine { product_id, name: row.get(0)?, price_cents: row.get(1)?, quantity })
        })
        .optional()?;
    match taken {
        Some(line) => Ok(line),
        None => Err(why_not(transaction, product_id)?),
    }
}

fn why_not(transaction: &Transaction<'_>, product_id: i64) -> Result<ShopError, ShopError> {
    let short = transaction
        .query_row("select name, stock from products where id = ?1 and on_sale", [product_id], |row| {
            Ok(ShopError::OutOfStock { name: row.get(0)?, left: row.get(1)? })
        })
        .optional()?;
    Ok(short.unwrap_or(ShopError::NotFound { kind: "product", id: product_id }))
}

fn find(connection: &Connection, id: i64) -> Result<Order, ShopError> {
    let order = connection
        .query_row("select user_id, placed_at, packed_at, total_cents from orders where id = ?1", [id], |row| {
            Ok(Order {
                id,
                user_id: row.get(0)?,
                placed_at: row.get(1)?,
                packed_at: row.get(2)?,
                total_cents: row.get(3)?,
                lines: Vec::new(),
            })
        })
        .optional()?
        .ok_or(ShopError::NotFound { kind: "order", id })?;
    let lines = connection
        .prepare_cached("select * from order_lines where order_id = ?1 order by product_id")?
        .query_map([id], OrderLine::from_row)?
        .collect::<Result<_, _>>()?;
    Ok(Order { lines, ..order })
}

fn confirmation(user: &User, order: &Order) -> Letter {
    let mut body = format!("Dear {},\n\nthank you for your order:\n\n", user.name);
    for line in &order.lines {
        body += &format!("{:>5} x {}, {}\n", line.quantity, line.name, in_euros(line.total_cents()));
    }
    body += &format!("\nTogether: {}\n\nThe shop", in_euros(order.total_cents));
    Letter { recipient: user.email.clone(), subject: format!("Your order {}", order.id), body }
}

fn in_euros(cents: i64) -> String {
    format!("{}.{:02} EUR", cents / 100, cents % 100)
}
