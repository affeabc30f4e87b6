//! What the code of `#[operation]`, `#[retry]`, `#[cached]` and `#[error_boundary]` calls; nothing here is part of the public API. The
//! name of the module carries the version of this contract, and `service-macros` writes it in one place. It has no underscores, because
//! messages of the compiler contain it.

#[cfg(feature = "boundary")]
mod boundary;
#[cfg(feature = "cache")]
mod cached;
#[cfg(any(feature = "boundary", feature = "operation", feature = "retry"))]
mod has_text;
#[cfg(feature = "operation")]
mod operation;
#[cfg(feature = "retry")]
mod retry;

#[cfg(feature = "boundary")]
pub use self::boundary::{Fallback, contained, contained_again};
#[cfg(feature = "cache")]
pub use self::cached::{
    CacheKey, CacheValue, Caches, Everything, FunctionCache, Kept, Kind, OnlyOk, PlainKind, cached,
    cached_for_function, ttl_of_option,
};
#[cfg(any(feature = "boundary", feature = "operation", feature = "retry"))]
pub use self::has_text::HasText;
#[cfg(feature = "operation")]
pub use self::operation::{Infallible, Returned, operation};
#[cfg(feature = "retry")]
pub use self::retry::retried;
