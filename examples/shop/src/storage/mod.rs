//! The data of the shop: a folder with a database.

mod blocking;
mod damage;
mod data_dir;
mod db;
mod db_file;
mod janitor;
mod migrations;
mod pool;
pub(crate) mod private;

pub use data_dir::DataDir;
pub use db::Db;
pub use janitor::Janitor;

pub(crate) use blocking::blocking;
