//! The restart of one service on request.

use super::registry::Registry;
use crate::report::NotReady;
use crate::shared;

impl Registry {
    /// Restarts a service, whatever its restart policy, together with the services that hold its instance: those that require
    /// or want it. They stop before it and start after it; every other service keeps running. Returns when the service is
    /// ready again.
    ///
    /// A restart that is already under way is joined. A service that is not up, because it is lazy or has failed, is started.
    /// If the future is dropped, the restart continues.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().only::<Db>().boot().await?;
    /// registry.restart::<Db>().await?;
    /// assert!(registry.get::<Db>().is_ok());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the service does not become ready again, with the cause; if the registry shuts down, or does not have it. Immediately,
    /// if called from a hook, a task or a guarded call of a service that has to stop for the restart: it would wait for itself;
    /// such a service calls [`Context::fail`](crate::Context::fail).
    ///
    /// As with every restart, if a service that is not `optional` does not become ready again, and its policy does not try
    /// again, the registry shuts down.
    pub async fn restart<T: ?Sized + Send + Sync + 'static>(&self) -> Result<(), NotReady> {
        shared::restart(self.slot::<T>()?).await
    }

    /// Like [`restart`](Self::restart), with the name of the service; for definitions made at run time.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.restart_named("cache").await?;
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Like [`restart`](Self::restart).
    pub async fn restart_named(&self, name: &str) -> Result<(), NotReady> {
        shared::restart(self.shared().named_slot(name)?).await
    }
}
