//! A trait that one crate provides and another requires. Neither crate depends on the other.

/// A service that returns a text.
pub trait Voice: Send + Sync {
    /// The text.
    fn say(&self) -> &'static str;
}
