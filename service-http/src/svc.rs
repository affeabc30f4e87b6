//! [`Svc`]: a service as an argument of a handler.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service_core::Service;

use crate::Unavailable;

/// A service as an argument of a handler. While it is not ready, the answer is 503 with `Retry-After`; a lazy one is
/// booted by the first who asks, and that one is answered at once, too: no request waits for a boot.
///
/// It is the service of the registry that the handler runs for: that of the [`Server`](crate::Server), or of a
/// [`Scope`](crate::Scope).
///
/// ```
/// use axum::{Router, routing::get};
/// use service_core::service;
/// use service_http::Svc;
///
/// #[service(lazy, autowire)]
/// struct Reports {}
///
/// impl Reports {
///     fn latest(&self) -> &'static str {
///         "all is well"
///     }
/// }
///
/// async fn latest(reports: Svc<Reports>) -> &'static str {
///     reports.latest()
/// }
///
/// let router: Router = Router::new().route("/reports/latest", get(latest));
/// ```
pub struct Svc<T>(
    /// The instance.
    pub Arc<T>,
);

impl<T: Service, S: Send + Sync> FromRequestParts<S> for Svc<T> {
    type Rejection = Unavailable;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Unavailable> {
        // Asked once: that begins a lazy boot, which then goes on by itself.
        let mut service = pin!(T::service());
        let asked = poll_fn(|cx| Poll::Ready(service.as_mut().poll(cx))).await;
        let found = match asked {
            Poll::Ready(found) => found,
            Poll::Pending => T::try_service(),
        };
        Ok(Self(found?))
    }
}

impl<T> Deref for Svc<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T> Clone for Svc<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Svc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Svc").field(&std::any::type_name::<T>()).finish()
    }
}
