//! The migrations of the database, in order. A released migration is never changed.

use rusqlite::{Connection, Error, TransactionBehavior};
use service_core::Result;

const STEPS: [(&str, &str); 6] = [
    ("0001_products", include_str!("../../migrations/0001_products.sql")),
    ("0002_users", include_str!("../../migrations/0002_users.sql")),
    ("0003_orders", include_str!("../../migrations/0003_orders.sql")),
    ("0004_letters", include_str!("../../migrations/0004_letters.sql")),
    ("0005_search", include_str!("../../migrations/0005_search.sql")),
    ("0006_packing", include_str!("../../migrations/0006_packing.sql")),
];

/// Applies the migrations that the database does not have: all of them, or none.
pub(super) fn apply(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "create table if not exists migrations (
            version    integer primary key,
            name       text not null,
            applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ'))
        ) strict",
    )?;
    let taken: u32 = transaction.query_row("select count(*) from migrations", (), |row| row.get(0))?;
    let Some(steps) = STEPS.get(taken as usize..) else {
        let known = STEPS.len();
        return Err(format!("it is of version {taken}, and this shop knows only {known}").into());
    };
    for (name, sql) in steps {
        transaction.execute_batch(sql).map_err(|error| format!("migration {name} failed: {}", without_sql(error)))?;
        transaction.execute("insert into migrations (name) values (?1)", [name])?;
    }
    Ok(transaction.commit()?)
}

/// The error without the SQL text of the migration, which does not help an operator.
fn without_sql(error: Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => msg,
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
