//! [`Result`]: what the hooks of a service return.

/// Any error of a service.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What hooks return. Any error can be used; `?` converts it.
pub type Result<T, E = BoxError> = std::result::Result<T, E>;
