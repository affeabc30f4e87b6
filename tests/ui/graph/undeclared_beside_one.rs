// K06: one other is declared, and inference must not take that one
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

#[service(given)]
struct Db;

#[service(given)]
struct Cache;

#[service(requires = [Cache])]
struct Users {
    db: Arc<Db>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { db: cx.get() })
    }
}

fn main() {}
