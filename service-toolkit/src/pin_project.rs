//! Safe access to the parts of a pinned future. The only file that names pin-project-lite.

pub(crate) use pin_project_lite::pin_project;
