//! The proofs of the shop: a file per behaviour.

mod background_tasks;
mod bad_input;
mod client;
mod deploy;
mod folder;
#[cfg(target_os = "linux")]
mod full_disk;
mod http;
mod isolated;
mod notes;
