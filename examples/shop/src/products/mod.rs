//! The catalog: a price list, imported at boot, and its products.

mod cache;
mod catalog;
mod import;
mod price_list;
mod product;

pub use cache::Cache;
pub use catalog::Catalog;
pub use price_list::{Entry, PriceList};
pub use product::{Page, Product};
