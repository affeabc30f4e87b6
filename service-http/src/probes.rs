//! The probes: what an orchestrator asks about a registry, over HTTP.

use std::fmt::Display;
use std::net::SocketAddr;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use service_core::{Context, Health, HealthReport, Registry, Result};
use tokio::net::ToSocketAddrs;
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// The probes of a registry, as a router to merge into another one, whatever its state. Each probe responds with 200 or 503, and with the
/// status and the error as JSON. Responses are marked as not cacheable.
///
/// | path | 503 when |
/// |---|---|
/// | `/startupz` | the boot has not succeeded yet; after that, never again |
/// | `/livez` | [`set_dead`](Registry::set_dead) was called; a boot, a shutdown or an unhealthy service does not change it |
/// | `/readyz` | the registry boots or shuts down, a service is unhealthy, or [`set_unready`](Registry::set_unready) was called |
/// | `/healthz` | a service is unhealthy; the response lists all services |
/// | `/healthz?tag=…` | a service with this tag is unhealthy; 404 if no service that is up or coming up has the tag |
///
/// The probes are as public as the router that they are merged into, and the last two name services and errors. As part
/// of a service's router they stop with that service, while other services still drain. [`serve_probes`] avoids that.
///
/// ```
/// use axum::Router;
/// use service_core::Registry;
///
/// #[derive(Clone)]
/// struct AppState {}
///
/// fn with_probes(router: Router<AppState>, registry: &Registry) -> Router<AppState> {
///     router.merge(service_http::probes(registry))
/// }
/// ```
pub fn probes<S: Clone + Send + Sync + 'static>(registry: &Registry) -> Router<S> {
    let registry = registry.clone();
    routes(move || Some(registry.clone()))
}

/// Serves the [`probes`] on a separate listener, until the registry has stopped. Returns the address of the listener.
///
/// Call it in the `init` of a service that requires nothing. The registry then answers probes while other services
/// boot, and while they drain.
///
/// ```no_run
/// use service_core::{Context, Lifecycle, Result, service};
///
/// #[service]
/// struct Probes;
///
/// impl Lifecycle for Probes {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         service_http::serve_probes(cx, "0.0.0.0:9090").await?;
///         Ok(Self)
///     }
/// }
/// ```
///
/// # Errors
/// If the address cannot be bound. The message contains the address.
///
/// # Panics
/// If called outside of a tokio runtime.
pub async fn serve_probes<S: 'static>(cx: &Context<S>, address: impl ToSocketAddrs + Display) -> Result<SocketAddr> {
    let server = Server::bind(address).await?.for_probes();
    let registry = Registry::current().ok_or("the registry was dropped")?;
    // The router looks the registry up for each request. A handle in the router would keep a registry alive that the
    // program has dropped.
    let serve = server.acceptor(cx, routes(Registry::current), CancellationToken::new()).run(server.take()?);
    // The registry aborts the task when it has stopped.
    drop(registry.spawn(serve));
    Ok(server.address())
}

fn routes<S, F>(registry: F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn() -> Option<Registry> + Clone + Send + Sync + 'static,
{
    let (for_startup, for_liveness, for_readiness, for_health) =
        (registry.clone(), registry.clone(), registry.clone(), registry);
    Router::new()
        .route("/startupz", get(async move || probe(for_startup().map_or(Health::Healthy, |it| startup(&it)))))
        .route("/livez", get(async move || probe(for_liveness().map_or(Health::Healthy, |it| it.liveness()))))
        .route(
            "/readyz",
            get(async move || match for_readiness() {
                Some(registry) => probe(registry.readiness().await),
                None => probe(dropped()),
            }),
        )
        .route(
            "/healthz",
            get(async move |uri: Uri| match (for_health(), tag(&uri)) {
                (None, _) => probe(dropped()),
                (Some(registry), None) => report(&registry.health().await),
                (Some(registry), Some(tag)) => tagged(&registry.health_of(&tag).await, &tag),
            }),
        )
}

/// The health of a registry whose last handle was dropped: it is shutting down.
fn dropped() -> Health {
    Health::unhealthy("shutting down")
}

fn startup(registry: &Registry) -> Health {
    if registry.startup() { Health::Healthy } else { Health::unhealthy("starting") }
}

fn probe(health: Health) -> Response {
    respond(status(&health), health.to_json())
}

fn report(report: &HealthReport) -> Response {
    respond(status(&report.health()), report.to_json())
}

fn tagged(health: &HealthReport, tag: &str) -> Response {
    if health.services.is_empty() {
        // A misspelt tag must not look healthy.
        let unknown = Health::unhealthy(format!("no service that is up or coming up has the tag {tag}"));
        return respond(StatusCode::NOT_FOUND, unknown.to_json());
    }
    report(health)
}

fn status(health: &Health) -> StatusCode {
    if health.is_up() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn respond(status: StatusCode, json: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers.map(|(name, value)| (name, HeaderValue::from_static(value))), json).into_response()
}

/// The value of `tag` in the query.
fn tag(uri: &Uri) -> Option<String> {
    let value = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("tag="))?.replace('+', " ");
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}
