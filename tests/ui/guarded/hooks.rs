// a registry calls the hooks itself, whichever of them it is
use std::sync::Arc;

use service_core::{Context, Health, Lifecycle, Result, guarded, service};

#[service]
struct Users;

impl Lifecycle for Users {
    #[guarded]
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    #[guarded]
    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        Ok(())
    }

    #[guarded]
    fn health(&self) -> impl Future<Output = Health> + Send {
        async { Health::Healthy }
    }

    #[guarded]
    async fn shutdown(&self, _cx: &service_core::Context<Self>) -> Result<()> {
        Ok(())
    }
}

impl Users {
    #[guarded]
    pub async fn start(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
