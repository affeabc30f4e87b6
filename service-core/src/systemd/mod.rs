//! Notifies systemd of the state of the process: ready, its status, alive, stopping. See `sd_notify(3)`.

mod channel;
mod notifier;
mod status_tracker;
mod systemd;

pub use systemd::Systemd;
