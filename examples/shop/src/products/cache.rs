//! [`Cache`]: recently viewed products.

use std::sync::Arc;
use std::time::Duration;

use service_core::service;
use tokio::time::Instant;

use super::Product;

const CAPACITY: usize = 1_000;
const TIME_TO_LIVE: Duration = Duration::from_secs(30);

/// Recently viewed products, for display. An order always reads the database.
#[service(autowire)]
pub struct Cache {
    #[service(default = quick_cache::sync::Cache::new(CAPACITY))]
    products: quick_cache::sync::Cache<i64, Entry>,
}

#[derive(Clone)]
struct Entry {
    product: Arc<Product>,
    until: Instant,
}

impl Cache {
    /// The product, if it was stored in the last 30 seconds.
    pub fn get(&self, id: i64) -> Option<Arc<Product>> {
        self.products.get(&id).filter(|entry| Instant::now() < entry.until).map(|entry| entry.product)
    }

    /// Stores the product for 30 seconds, or until its place is needed.
    pub fn put(&self, product: &Arc<Product>) {
        let entry = Entry { product: Arc::clone(product), until: Instant::now() + TIME_TO_LIVE };
        self.products.insert(product.id, entry);
    }

    /// Removes the product, because it has changed.
    pub fn forget(&self, id: i64) {
        self.products.remove(&id);
    }
}
