//! [`ShopError`]: why a request failed.

use std::io;

use rusqlite::ErrorCode;
use service_core::NotReady;

/// Why a request failed. Displays as a sentence for the client.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// A service is not ready.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// Nothing has this id.
    #[error("there is no {kind} {id}; check the id")]
    NotFound {
        /// `product`, `user` or `order`.
        kind: &'static str,
        /// The requested id.
        id: i64,
    },
    /// The input is not valid, for this reason.
    #[error("{0}")]
    Invalid(String),
    /// Another user has the e-mail address.
    #[error("a user with the address {0} exists already; use another")]
    EmailTaken(String),
    /// There is not enough of a product, so nothing was ordered.
    #[error("only {left} of {name} left; order fewer")]
    OutOfStock {
        /// The product's name.
        name: String,
        /// The number of pieces in stock.
        left: i64,
    },
    /// The database was in use for the whole time that a request waits.
    #[error("the shop is too busy to answer this at the moment, so nothing was changed; try again later")]
    Busy,
    /// The disk is full or broken. Nothing was changed.
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
    /// The error of a read.
    pub(crate) fn of_a_read(self) -> Self {
        match self {
            Self::Database(error) if is_of_the_time(&error) => Self::Busy,
            error => error,
        }
    }

    /// The error of a write.
    pub(crate) fn of_a_write(self) -> Self {
        match self {
            Self::Database(error) if is_of_the_disk(&error) => Self::NotKept(error),
            error => error.of_a_read(),
        }
    }
}

fn is_of_the_time(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted)
    )
}

fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen)
    )
}
