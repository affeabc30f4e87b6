//! [`Unavailable`]: a service that is not ready, as an answer.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use service_core::{Health, NotReady, Refusal};

/// A service that is not ready, as an answer: 503, `Retry-After: 1`, and its name and state as JSON. Why it is not ready
/// goes to the log alone, because it may tell more than a client should know.
///
/// A refusal that waiting does not cure, such as a service that the registry does not have, is a 500.
///
/// ```
/// use service_core::{NotReady, guarded, service};
/// use service_http::Unavailable;
///
/// #[service(lazy, autowire)]
/// struct Users {}
///
/// impl Users {
///     #[guarded]
///     async fn count() -> Result<u32, NotReady> {
///         Ok(3)
///     }
/// }
///
/// // A handler: 503 while `Users` is not up.
/// async fn count() -> Result<String, Unavailable> {
///     Ok(Users::count().await?.to_string())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Unavailable(
    /// Which service, in what state, and why.
    pub NotReady,
);

impl From<NotReady> for Unavailable {
    fn from(refusal: NotReady) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let name = refusal.service();
        let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let for_good = matches!(
            refusal.cause(),
            Refusal::NoRegistry(_) | Refusal::Unregistered | Refusal::OtherType(_) | Refusal::Cycle(_)
        );
        if for_good {
            tracing::error!("{refusal}");
            let body = Health::unhealthy(format!("{name} cannot be had")).to_json();
            return (StatusCode::INTERNAL_SERVER_ERROR, [json], body).into_response();
        }
        tracing::debug!("{refusal}");
        let body = Health::unhealthy(format!("{name} is not ready: it is {}", refusal.state())).to_json();
        let later = (RETRY_AFTER, HeaderValue::from_static("1"));
        (StatusCode::SERVICE_UNAVAILABLE, [json, later], body).into_response()
    }
}
