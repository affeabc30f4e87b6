//! Tells systemd that the service is ready, how far it is, that it is alive, and that it goes down, as
//! `sd_notify(3)` says.

mod account;
mod channel;
mod notifier;
mod systemd;

pub(crate) use notifier::Notifier;
pub use systemd::Systemd;
