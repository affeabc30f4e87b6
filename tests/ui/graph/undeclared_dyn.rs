// K06: a trait object
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

trait Mail: Send + Sync {}

#[service(given)]
struct Cache;

#[service]
struct Users {
    db: Arc<dyn Mail>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { db: cx.get() })
    }
}

fn main() {}
