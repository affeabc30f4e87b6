//! [`User`]: a registered user.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::ShopError;

/// A user to be registered.
#[derive(Clone, Debug, Deserialize)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The e-mail address, unique among users.
    pub email: String,
}

/// A registered user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct User {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// When the user was registered, in UTC.
    pub created_at: String,
}

impl NewUser {
    /// The same user, with surrounding spaces removed.
    ///
    /// # Errors
    /// [`ShopError::Invalid`] if the name or the address is not valid. A valid one cannot add a line to the header of a letter.
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
