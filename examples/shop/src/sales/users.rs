//! [`Users`]: registers and finds users.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction};
use service_core::{Result, guarded, service};

use super::{NewUser, User};
use crate::ShopError;
use crate::letters::{Letter, Outbox};
use crate::storage::Db;

/// Registers and finds users.
#[service(autowire)]
pub struct Users {
    db: Arc<Db>,
    outbox: Arc<Outbox>,
}

#[guarded]
impl Users {
    /// Registers a user, and queues a welcome letter.
    pub async fn create(&self, new: NewUser) -> Result<User, ShopError> {
        let new = new.checked()?;
        let outbox = self.outbox.clone();
        let create = move |transaction: &Transaction<'_>| {
            let user = transaction
                .query_row(
                    "insert into users (name, email) values (?1, ?2) on conflict (email) do nothing returning *",
                    [&new.name, &new.email],
                    User::from_row,
                )
                .optional()?
                .ok_or(ShopError::EmailTaken(new.email))?;
            Outbox::queue(transaction, &welcome(&user))?;
            Ok(user)
        };
        self.db.write_then(create, move |_| outbox.wake()).await
    }

    /// The user with this id.
    pub async fn find(&self, id: i64) -> Result<User, ShopError> {
        self.db
            .read(move |connection| {
                connection
                    .query_row("select * from users where id = ?1", [id], User::from_row)
                    .optional()?
                    .ok_or(ShopError::NotFound { kind: "user", id })
            })
            .await
    }
}

fn welcome(user: &User) -> Letter {
    Letter {
        recipient: user.email.clone(),
        subject: "Welcome to the shop".to_owned(),
        body: format!("Dear {},\n\nyour number with us is {}.\n\nThe shop", user.name, user.id),
    }
}
