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

use super::unavailable::Unavailable;

/// An extractor that passes a service to a handler.
///
/// While the service is not ready, the response is 503 with `Retry-After`, and the handler does not run. The first
/// request for a lazy service starts its boot. No request waits for the boot, not even the first.
///
/// The extractor uses the registry that the handler runs for: that of the [`Server`](crate::Server), or of a
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
///         "no new reports"
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
    /// The instance of the service.
    pub Arc<T>,
);

impl<T: Service, S: Send + Sync> FromRequestParts<S> for Svc<T> {
    type Rejection = Unavailable;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Unavailable> {
        // One poll starts the boot of a lazy service. The boot continues without this future.
        let mut service = pin!(T::service());
        let polled = poll_fn(|cx| Poll::Ready(service.as_mut().poll(cx))).await;
        let service = match polled {
            Poll::Ready(service) => service,
            Poll::Pending => T::try_service(),
        };
        Ok(Self(service?))
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
