//! [`Result`]: what the hooks of a service return.

/// Any error of the user's own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What hooks return: any error will do, `?` converts it.
pub type Result<T, E = BoxError> = std::result::Result<T, E>;
