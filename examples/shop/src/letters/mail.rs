//! [`Mail`]: delivers letters.

use async_trait::async_trait;

use super::Letter;
use crate::ShopError;

/// Delivers letters: into a spool folder in the shop, into memory in a test.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Delivers the letter. If it is not known whether a delivery succeeded, the letter is delivered again with the same
    /// number.
    async fn deliver(&self, number: i64, letter: &Letter) -> Result<(), ShopError>;
}
