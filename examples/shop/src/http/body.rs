//! [`Body`]: the JSON body of a request.

use std::error::Error;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::sales::{NewOrder, NewUser};

/// The JSON body of a request.
pub(super) struct Body<T>(pub(super) T);

/// A type that a request body can have.
pub(super) trait Example: DeserializeOwned {
    /// An example that is part of the answer to an invalid body.
    const EXAMPLE: &str;
}

impl Example for NewUser {
    const EXAMPLE: &str = r#"{"name": "Ada", "email": "ada@example.com"}"#;
}

impl Example for NewOrder {
    const EXAMPLE: &str = r#"{"user_id": 1, "lines": [{"product_id": 7, "quantity": 2}]}"#;
}

impl<T: Example, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused(&rejection, T::EXAMPLE)),
        }
    }
}

fn refused(rejection: &JsonRejection, example: &str) -> Problem {
    let cause = rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
    match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(rejection.status(), "send JSON, with the header content-type: application/json")
        }
        JsonRejection::JsonSyntaxError(_) | JsonRejection::JsonDataError(_) => {
            Problem::new(StatusCode::BAD_REQUEST, format!("{cause}; send something like {example}"))
        }
        _ => Problem::new(rejection.status(), format!("the body cannot be read: {cause}")),
    }
}
