//! [`Scope`]: makes a registry the current one in the handlers of any server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use service_core::Registry;
use tower_layer::Layer;
use tower_service::Service;

/// A layer that makes a registry the current one in handlers: `T::service()`, guarded calls without a receiver and
/// [`Svc`](crate::Svc) use it.
///
/// Use it with `axum::serve` and other servers that start a task for each connection, because those tasks do not
/// inherit the current registry. A [`Server`](crate::Server) does not need it.
///
/// The scope ends when the handler returns. It does not cover tasks that a handler spawns, or a response body that is
/// streamed.
///
/// The layer holds the registry. If a service of that registry owns the layer, dropping the registry's other handles
/// does not shut it down; call [`shutdown`](Registry::shutdown).
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

/// The middleware that [`Scope`] creates.
#[derive(Clone, Debug)]
pub struct ScopeService<S> {
    registry: Registry,
    inner: S,
}

impl Scope {
    /// Creates a layer for a registry.
    ///
    /// ```no_run
    /// # use service_core::Registry;
    /// fn scoped(router: axum::Router, registry: &Registry) -> axum::Router {
    ///     router.layer(service_http::Scope::new(registry))
    /// }
    /// ```
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }
}

impl<S> Layer<S> for Scope {
    type Service = ScopeService<S>;

    fn layer(&self, inner: S) -> ScopeService<S> {
        ScopeService { registry: self.registry.clone(), inner }
    }
}

impl<S, R> Service<R> for ScopeService<S>
where
    S: Service<R, Future: Send> + Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // `poll_ready` made this value ready, and its clone need not be. So the future takes this value.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let registry = self.registry.clone();
        Box::pin(async move { registry.scope(async { inner.call(request).await }).await })
    }
}
