//! The behaviours, a file each.
mod smoke;
