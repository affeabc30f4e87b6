use service_core::{Context, Lifecycle, Result, service};

#[service]
struct Db {}

impl Lifecycle for Db {
    fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self {})
    }
}

fn main() {}
