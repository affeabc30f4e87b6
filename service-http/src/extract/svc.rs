//! [`Svc`]: a service as an argument of a handler.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service_core::__private_v1::{current_instance, current_instance_now};

use super::unavailable::Unavailable;

/// An extractor that passes a service, or the service that provides a `dyn Trait`, to a handler.
///
/// While the service is not ready, the response is 503 with `Retry-After`, and the handler does not run. The first
/// request for a lazy service starts its boot. No request waits for the boot, not even the first.
///
/// As with [`Registry::get`](service_core::Registry::get), the type is looked up when the handler is called. If it is not a
/// service of the registry, the response is 500, and the log names the type and a solution.
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
///
/// With a trait, the handler works with every service that provides it, for example with the fake of a test:
///
/// ```
/// use service_core::service;
/// use service_http::Svc;
///
/// trait Mail: Send + Sync {
///     fn sent(&self) -> usize;
/// }
///
/// #[service(autowire, provides = [dyn Mail])]
/// struct Smtp {}
///
/// impl Mail for Smtp {
///     fn sent(&self) -> usize {
///         0
///     }
/// }
///
/// async fn sent(mail: Svc<dyn Mail>) -> String {
///     mail.sent().to_string()
/// }
/// ```
pub struct Svc<T: ?Sized>(
    /// The instance of the service.
    pub Arc<T>,
);

impl<T: ?Sized + Send + Sync + 'static, S: Send + Sync> FromRequestParts<S> for Svc<T> {
    type Rejection = Unavailable;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Unavailable> {
        // One poll starts the boot of a lazy service. The boot continues without this future.
        let mut service = pin!(current_instance::<T>());
        let polled = poll_fn(|cx| Poll::Ready(service.as_mut().poll(cx))).await;
        let service = match polled {
            Poll::Ready(service) => service,
            Poll::Pending => current_instance_now(),
        };
        Ok(Self(service?))
    }
}

impl<T: ?Sized> Deref for Svc<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T: ?Sized> Clone for Svc<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> fmt::Debug for Svc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Svc").field(&std::any::type_name::<T>()).finish()
    }
}
