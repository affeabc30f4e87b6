//! [`Mail`]: whatever delivers letters.

use async_trait::async_trait;

use super::Letter;
use crate::ShopError;

/// Whatever delivers letters: a spool folder in this shop, something that remembers them in a test.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Delivers the letter. A letter that is delivered again, because nobody knows whether the first time went well, has the
    /// same number.
    async fn deliver(&self, number: i64, letter: &Letter) -> Result<(), ShopError>;
}
