//! The data of the shop: a folder with a database.

mod blocking;
mod data_dir;
mod db;
mod db_file;
mod janitor;
mod migrations;

pub use data_dir::DataDir;
pub use db::Db;
pub use janitor::Janitor;

pub(crate) use blocking::blocking;
