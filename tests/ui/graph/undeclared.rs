// K06
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

#[service(given)]
struct Db;

#[service(given)]
struct Cache;

#[service]
struct Users {
    db: Arc<Db>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { db: cx.get() })
    }
}

fn main() {}
