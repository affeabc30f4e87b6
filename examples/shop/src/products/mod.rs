//! What the shop sells: a price list, imported at boot, and the products that came of it.

mod cache;
mod catalog;
mod import;
mod price_list;
mod product;

pub use cache::Cache;
pub use catalog::Catalog;
pub use price_list::{Entry, PriceList};
pub use product::{Page, Product};
