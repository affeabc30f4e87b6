//! [`ShopError`]: why the shop could not do what it was asked.

use std::io;

use rusqlite::ErrorCode;
use service_core::NotReady;

/// Why the shop could not do what it was asked. Each displays as a sentence for the one who asked.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// A service is not up, or no longer.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// Nothing has this id.
    #[error("there is no {kind} {id}; check the id")]
    NotFound {
        /// `product`, `user` or `order`.
        kind: &'static str,
        /// The id that was asked for.
        id: i64,
    },
    /// The input cannot be; why.
    #[error("{0}")]
    Invalid(String),
    /// The e-mail address belongs to somebody.
    #[error("a user with the address {0} exists already; use another")]
    EmailTaken(String),
    /// There is not enough of a product, so nothing was ordered.
    #[error("only {left} of {name} left; order fewer")]
    OutOfStock {
        /// The product's name.
        name: String,
        /// How many there are.
        left: i64,
    },
    /// The disk is full, or broken: what was to be kept was not, all of it.
    #[error("the shop can't write anything down at the moment, so nothing was changed; try again later")]
    NotKept(#[source] rusqlite::Error),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// A letter could not be delivered.
    #[error("the letter could not be delivered: {0}")]
    Delivery(#[from] io::Error),
}

impl ShopError {
    /// The same, of a transaction that was to be kept.
    pub(crate) fn of_a_write(self) -> Self {
        match self {
            Self::Database(error) if is_of_the_disk(&error) => Self::NotKept(error),
            error => error,
        }
    }
}

fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen)
    )
}
