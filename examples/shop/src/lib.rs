//! A small shop back end: products, users and orders over HTTP, on SQLite, as services of one registry.
//!
//! `cargo run -p shop -- --graph text` prints the dependency graph. Each folder is one part of the shop: [`storage`] keeps
//! its data, [`products`] the catalog, [`sales`] users and orders, [`letters`] e-mails, [`watch`] monitoring, [`http`] the
//! HTTP interface.

mod announcement;
mod background_tasks;
mod command;
pub mod http;
pub mod letters;
mod logs;
mod printer;
pub mod products;
mod registry;
pub mod sales;
mod settings;
mod shop_error;
pub mod storage;
pub mod watch;

pub use announcement::Announcement;
pub use background_tasks::restart_background_tasks;
pub use command::{Command, Format, HELP, version};
pub use logs::Logs;
pub use printer::Printer;
pub use registry::registry;
pub use settings::Settings;
pub use shop_error::ShopError;
