// fields that `autowire` can neither inject nor fill
use std::sync::Arc;
use std::time::Instant;

use service_core::{Context, Lifecycle, Result, service};

#[service(autowire)]
struct Db {
    url: Arc<String>,
    opened: Instant,
}

#[service(autowire(fn))]
struct Cache {
    opened: Instant,
}

impl Lifecycle for Cache {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }
}

fn main() {}
