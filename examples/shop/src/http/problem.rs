//! [`Problem`]: a failure as an HTTP response.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use service_core::NotReady;

use crate::ShopError;

/// A failure as an HTTP response: a status, and `{"error": "a sentence"}`.
pub(super) struct Problem {
    status: StatusCode,
    sentence: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.sentence }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<ShopError> for Problem {
    fn from(error: ShopError) -> Self {
        let status = match &error {
            ShopError::Invalid(_) => StatusCode::BAD_REQUEST,
            ShopError::NotFound { .. } => StatusCode::NOT_FOUND,
            ShopError::EmailTaken(_) | ShopError::OutOfStock { .. } => StatusCode::CONFLICT,
            ShopError::NotReady(_) | ShopError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            ShopError::NotKept(cause) => {
                tracing::error!(error = %cause, "the disk does not take what is written");
                StatusCode::SERVICE_UNAVAILABLE
            }
            ShopError::Database(_) | ShopError::Delivery(_) => {
                tracing::error!(%error, "a request could not be answered");
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the shop failed; it is not your fault");
            }
        };
        Self::new(status, error.to_string())
    }
}

impl From<NotReady> for Problem {
    fn from(refusal: NotReady) -> Self {
        ShopError::from(refusal).into()
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "search like this: /products?q=kettle&page=2; pages are counted from 1")
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "an id is a whole number, such as 17")
    }
}
