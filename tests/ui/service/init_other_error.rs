// as with `anyhow::Result`
use service_core::{Context, Lifecycle, service};

#[derive(Debug)]
struct Refused;

#[service]
struct Db {}

impl Lifecycle for Db {
    async fn init(_cx: &Context<Self>) -> std::result::Result<Self, Refused> {
        Ok(Self {})
    }
}

fn main() {}
