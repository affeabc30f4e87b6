//! [`Cache`]: products that were looked at lately.

use std::sync::Arc;
use std::time::Duration;

use service_core::service;
use tokio::time::Instant;

use super::Product;

const CAPACITY: usize = 1_000;
const TIME_TO_LIVE: Duration = Duration::from_secs(30);

/// Products that were looked at lately, for display: an order never trusts it.
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
    /// The product, if it was put here in the last half minute.
    pub fn get(&self, id: i64) -> Option<Arc<Product>> {
        self.products.get(&id).filter(|entry| Instant::now() < entry.until).map(|entry| entry.product)
    }

    /// Keeps the product for half a minute, or until its place is needed.
    pub fn put(&self, product: &Arc<Product>) {
        let entry = Entry { product: Arc::clone(product), until: Instant::now() + TIME_TO_LIVE };
        self.products.insert(product.id, entry);
    }

    /// Lets the product go, because it has changed.
    pub fn forget(&self, id: i64) {
        self.products.remove(&id);
    }
}
