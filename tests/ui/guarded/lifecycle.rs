// a registry calls the hooks itself
use service_core::{Context, Lifecycle, Result, guarded, service};

#[service]
struct Users;

#[guarded]
impl Lifecycle for Users {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }
}

fn main() {}
