//! [`short_name`]: the name of a type in messages.

/// The last segment of the type's path, for messages about a service that no registry has.
pub(crate) fn short_name(path: &'static str) -> &'static str {
    path.rsplit("::").next().unwrap_or(path)
}
