use service_core::{Context, Lifecycle, Result, service};

#[service]
struct Db {}

#[async_trait::async_trait]
impl Lifecycle for Db {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self {})
    }
}

fn main() {}
