// `get` of what is only wanted, with one dependency and with several
use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};

trait Mail: Send + Sync {}

#[service(given)]
struct Cache;

#[service(given, provides = [dyn Mail])]
struct Smtp;

impl Mail for Smtp {}

#[service(wants = [Cache])]
struct Users {
    cache: Arc<Cache>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cache: cx.get() })
    }
}

#[service(requires = [Cache], wants = [dyn Mail])]
struct Orders {
    cache: Arc<Cache>,
    mail: Arc<dyn Mail>,
}

impl Lifecycle for Orders {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cache: cx.get(), mail: cx.get() })
    }
}

fn main() {}
