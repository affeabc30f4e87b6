//! A trait that one crate provides and another requires, so that neither has to name the other.

/// Whatever says something.
pub trait Voice: Send + Sync {
    /// What it says.
    fn say(&self) -> &'static str;
}
