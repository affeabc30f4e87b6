//! A small shop back end: products, users and orders over HTTP, on SQLite, as services of one registry.
//!
//! `cargo run -p shop -- --graph text` prints how they hang together. Each folder is a part of the shop: [`storage`] keeps
//! its data, [`products`] is what there is, [`sales`] who bought what, [`letters`] tell them, [`watch`] tells how it all is, [`http`] is the door.

mod chores;
mod command;
pub mod http;
pub mod letters;
pub mod products;
mod registry;
pub mod sales;
mod settings;
mod shop_error;
pub mod storage;
pub mod watch;

pub use chores::begin_chores;
pub use command::{Command, Format, HELP};
pub use registry::registry;
pub use settings::Settings;
pub use shop_error::ShopError;
