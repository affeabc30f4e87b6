use service_core::{Context, Lifecycle, Result, service};

#[service(autowire)]
struct Users {}

impl Lifecycle for Users {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self {})
    }
}

fn main() {}
