//! [`Scope`]: carries a registry into the handlers of a server that is not ours.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use service_core::Registry;
use tower_layer::Layer;
use tower_service::Service;

/// Carries a registry into handlers: inside, `T::service()`, guarded calls without a receiver and [`Svc`](crate::Svc)
/// mean this one. For `axum::serve` and other servers, whose tasks for each connection have lost it; a
/// [`Server`](crate::Server) needs none.
///
/// What a handler spawns by itself is outside again, and so is a body that is streamed after the handler has returned.
/// The layer holds the registry, so that a registry whose own service holds the layer goes down by a shutdown alone, not
/// by being dropped.
///
/// ```no_run
/// use axum::Router;
/// use service_core::{Registry, Result};
/// use service_http::Scope;
///
/// # async fn example(router: Router) -> Result<()> {
/// let registry = Registry::builder().isolated().boot().await?;
/// let router = router.layer(Scope::new(&registry));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scope {
    registry: Registry,
}

/// What [`Scope`] makes of a service of tower.
#[derive(Clone, Debug)]
pub struct Scoped<I> {
    registry: Registry,
    inner: I,
}

impl Scope {
    /// The scope of this registry.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }
}

impl<I> Layer<I> for Scope {
    type Service = Scoped<I>;

    fn layer(&self, inner: I) -> Scoped<I> {
        Scoped { registry: self.registry.clone(), inner }
    }
}

impl<I, R> Service<R> for Scoped<I>
where
    I: Service<R, Future: Send> + Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = I::Response;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<I::Response, I::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // The one that is ready is taken along, because a clone of it need not be.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let registry = self.registry.clone();
        Box::pin(async move { registry.scope(async { inner.call(request).await }).await })
    }
}
