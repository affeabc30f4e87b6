// a service that threads cannot share, with all that depends on it
use std::cell::RefCell;
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

#[service]
struct Cache {
    entries: RefCell<Vec<String>>,
}

impl Lifecycle for Cache {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self { entries: RefCell::default() })
    }
}

impl Cache {
    fn add(&self, entry: String) {
        self.entries.borrow_mut().push(entry);
    }
}

#[service(autowire)]
struct Users {
    cache: Arc<Cache>,
}

fn main() {}
