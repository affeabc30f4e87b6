//! Where the shop keeps its data: a folder, and in it a database.

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
