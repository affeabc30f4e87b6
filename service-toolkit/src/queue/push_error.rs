//! [`PushError`]: the refusal of a queue.

use std::fmt;

/// A [`Queue`](super::Queue) has refused an item, which this error returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushError<T> {
    /// The queue is full.
    Full(T),
    /// The queue is closed.
    Closed(T),
}

impl<T> PushError<T> {
    /// The item.
    ///
    /// ```
    /// use service_toolkit::queue::PushError;
    ///
    /// assert_eq!(PushError::Full(7).into_item(), 7);
    /// ```
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full; wait for room with `push`, or try again later",
            Self::Closed(_) => "the queue is closed and takes no more items",
        })
    }
}

/// Without the item, which may have no text.
impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushError({self})")
    }
}

impl<T> std::error::Error for PushError<T> {}
