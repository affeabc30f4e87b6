//! [`Owner`]: a service whose context the patterns use.

use service_core::{Context, Lifecycle, Registry, Result, service};

#[service]
pub(crate) struct Owner {
    pub(crate) cx: Context<Owner>,
}

impl Lifecycle for Owner {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone() })
    }
}

/// Runs something with the context of a service, and shuts the service down.
pub(crate) async fn with_owner(run: impl AsyncFnOnce(Context<Owner>) -> Result<()>) -> Result<()> {
    let registry = Registry::builder().isolated().only::<Owner>().boot().await?;
    run(registry.get::<Owner>()?.cx.clone()).await?;
    registry.shutdown().await?;
    Ok(())
}
