//! [`Unavailable`]: the response for a service that is not ready.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use service_core::{Health, NotReady, Refusal, record};

/// The response for a service that is not ready. In a handler that returns it as its error, `?` converts the refusal of
/// a guarded call.
///
/// The response is 503 with `Retry-After: 1`, and contains the name and state of the service as JSON. The cause is only
/// logged, because it can contain details that clients must not see.
///
/// If waiting cannot help, for example because the registry does not have the service, the response is 500.
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
/// // A handler. The response is 503 while `Users` is not ready.
/// async fn count() -> Result<String, Unavailable> {
///     Ok(Users::count().await?.to_string())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Unavailable(
    /// The refusal: the service, its state and the cause.
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
        let is_permanent = matches!(
            refusal.cause(),
            Refusal::NoRegistry(_)
                | Refusal::Unregistered
                | Refusal::NotGiven
                | Refusal::OtherType(_)
                | Refusal::Cycle(_)
        );
        if is_permanent {
            record!(domain: "http", action: "extract", status: error, service = name, "{refusal}");
            let body = Health::unhealthy(format!("{name} cannot be had")).to_json();
            return (StatusCode::INTERNAL_SERVER_ERROR, [json], body).into_response();
        }
        record!(level: DEBUG, domain: "http", action: "extract", status: cancelled, service = name, "{refusal}");
        let body = Health::unhealthy(format!("{name} is not ready: it is {}", refusal.state())).to_json();
        let retry_after = (RETRY_AFTER, HeaderValue::from_static("1"));
        (StatusCode::SERVICE_UNAVAILABLE, [json, retry_after], body).into_response()
    }
}
