//! The HTTP API, and the probes on a port of their own.

use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};
use service_http::axum::Router;
use service_http::axum::extract::Path;
use service_http::axum::routing::get;
use service_http::{RequestLog, Server, Svc, Unavailable};

use crate::greetings::Greetings;
use crate::settings::Settings;

/// Serves the API. It requires each service that a handler uses, so they stay up until the last request is answered.
#[service(requires = [Settings, Greetings], drain_timeout = "10s")]
pub(crate) struct Web {
    server: Server,
}

impl Lifecycle for Web {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self {
            server: Server::bind(cx.get::<Settings>().address).await?,
        })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        self.server.serve(cx, routes().layer(RequestLog))
    }
}

/// Answers the probes, from before the other services start until after they have stopped.
#[service(requires = [Settings])]
pub(crate) struct Probes;

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        service_http::serve_probes(cx, cx.get::<Settings>().probes).await?;
        Ok(Self)
    }
}

fn routes() -> Router {
    Router::new().route("/greetings/{name}", get(greet))
}

async fn greet(Path(name): Path<String>, greetings: Svc<Greetings>) -> Result<String, Unavailable> {
    Ok(greetings.greet(&name).await?)
}

#[cfg(test)]
mod tests {
    use service_core::Registry;
    use service_http::axum::body::{Body, to_bytes};
    use service_http::axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str) -> Result<(StatusCode, String)> {
        let response = routes()
            .oneshot(Request::get(path).body(Body::empty())?)
            .await?;
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await?;
        Ok((status, String::from_utf8(body.to_vec())?))
    }

    // A registry with `Greetings` and what it requires, and no port.
    #[service_core::test(give(Settings::test()))]
    async fn a_request_is_answered_with_a_greeting(_greetings: Arc<Greetings>) -> Result<()> {
        assert_eq!(
            get("/greetings/Ada").await?,
            (StatusCode::OK, "hello, Ada; you are number 1\n".to_owned())
        );
        assert_eq!(get("/nothing").await?.0, StatusCode::NOT_FOUND);
        Ok(())
    }

    #[service_core::test(give(Settings::test()))]
    async fn the_whole_program_starts_and_stops(registry: Registry) -> Result<()> {
        assert_ne!(registry.get::<Web>()?.server.address().port(), 0);
        assert!(registry.readiness().await.is_up());
        Ok(())
    }
}
