// K06: `get_opt` needs `wants`
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

#[service(given)]
struct Db;

#[service(given)]
struct Cache;

#[service(requires = [Db])]
struct Users {
    db: Option<Arc<Db>>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { db: cx.get_opt() })
    }
}

fn main() {}
