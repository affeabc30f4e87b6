//! [`User`]: somebody who may order.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::ShopError;

/// Somebody who wants to order.
#[derive(Clone, Debug, Deserialize)]
pub struct NewUser {
    /// What to call them.
    pub name: String,
    /// Where to write to them; nobody else has it.
    pub email: String,
}

/// Somebody who may order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct User {
    /// The shop's number for them.
    pub id: i64,
    /// What to call them.
    pub name: String,
    /// Where to write to them.
    pub email: String,
    /// Since when, in UTC.
    pub created_at: String,
}

impl NewUser {
    /// The same, without spaces around it, if it can be.
    ///
    /// # Errors
    /// [`ShopError::Invalid`] says what is wrong. Nothing that is let through can break out of a line of a letter's header.
    pub(super) fn checked(self) -> Result<Self, ShopError> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(ShopError::Invalid("a name is one line of 1 to 100 characters".to_owned()));
        }
        let email = self.email.trim();
        let is_address = email.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
            && email.matches('@').count() == 1
            && email.len() <= 254
            && !email.chars().any(|it| it.is_whitespace() || it.is_control());
        if !is_address {
            return Err(ShopError::Invalid(format!("{email:?} is not an e-mail address, such as ada@example.com")));
        }
        Ok(Self { name: name.to_owned(), email: email.to_owned() })
    }
}

impl User {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            created_at: row.get("created_at")?,
        })
    }
}

#[cfg(test)]
mod tests;
