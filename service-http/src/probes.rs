//! The probes: what an orchestrator asks a process, over HTTP.

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

use crate::Server;

/// The probes of a registry, to be merged into a router of one's own. Each answers 200 or 503, with the status and the
/// error as JSON, and is never cached.
///
/// | | 503 when |
/// |---|---|
/// | `/startupz` | the boot has not succeeded yet; once it has, never again |
/// | `/livez` | [`set_dead`](Registry::set_dead) was called: no boot, no drain and nobody's ill health does that |
/// | `/readyz` | it boots, it goes down, a service is unhealthy, or [`set_unready`](Registry::set_unready) was called |
/// | `/healthz` | a service is unhealthy; all of them are listed |
/// | `/healthz?tag=…` | one of those with this tag is; 404 if none is up or coming up |
///
/// They are as public as the router is, and the last two name services and errors. Where they are part of a service's
/// own router they go down with it, while the rest still drains; [`serve_probes`] does not.
///
/// ```
/// use axum::Router;
/// use service_core::Registry;
///
/// fn with_probes(router: Router, registry: &Registry) -> Router {
///     router.merge(service_http::probes(registry))
/// }
/// ```
pub fn probes(registry: &Registry) -> Router {
    let registry = registry.clone();
    routes(move || Some(registry.clone()))
}

/// Serves the [`probes`] on a listener of their own, from now until the registry is down: while it boots, and while
/// everything else drains. For the `init` of a service that requires nothing, so that it is there first; says where it
/// listens.
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
/// If the address cannot be had.
pub async fn serve_probes<S: 'static>(cx: &Context<S>, address: impl ToSocketAddrs + Display) -> Result<SocketAddr> {
    let server = Server::bind(address).await?;
    let registry = Registry::current().ok_or("the registry was dropped")?;
    // Not that handle in the router: it would keep a registry up that everybody else has dropped.
    let serve = server.acceptor(cx, routes(Registry::current)).run(server.take()?, CancellationToken::new());
    // Aborted when the registry is down, so nobody waits for it.
    drop(registry.spawn(serve));
    Ok(server.address())
}

fn routes<F>(registry: F) -> Router
where
    F: Fn() -> Option<Registry> + Clone + Send + Sync + 'static,
{
    let (of_startup, of_life, of_readiness, of_health) =
        (registry.clone(), registry.clone(), registry.clone(), registry);
    Router::new()
        .route("/startupz", get(async move || probe(of_startup().map_or(Health::Healthy, |it| startup(&it)))))
        .route("/livez", get(async move || probe(of_life().map_or(Health::Healthy, |it| it.liveness()))))
        .route(
            "/readyz",
            get(async move || match of_readiness() {
                Some(registry) => probe(registry.readiness().await),
                None => probe(gone()),
            }),
        )
        .route(
            "/healthz",
            get(async move |uri: Uri| match (of_health(), tag(&uri)) {
                (None, _) => probe(gone()),
                (Some(registry), None) => all(&registry.health().await),
                (Some(registry), Some(tag)) => group(&registry.health_of(&tag).await, &tag),
            }),
        )
}

/// Everybody has dropped it: it is on its way down.
fn gone() -> Health {
    Health::unhealthy("shutting down")
}

fn startup(registry: &Registry) -> Health {
    if registry.startup() { Health::Healthy } else { Health::unhealthy("starting") }
}

fn probe(health: Health) -> Response {
    answer(status(&health), health.to_json())
}

fn all(report: &HealthReport) -> Response {
    answer(status(&report.health()), report.to_json())
}

fn group(report: &HealthReport, tag: &str) -> Response {
    if report.services.is_empty() {
        // A word that is spelt wrong must not be good news.
        let nobody = Health::unhealthy(format!("no service that is up or coming up has the tag {tag}"));
        return answer(StatusCode::NOT_FOUND, nobody.to_json());
    }
    all(report)
}

fn status(health: &Health) -> StatusCode {
    if health.is_up() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn answer(status: StatusCode, json: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers.map(|(name, value)| (name, HeaderValue::from_static(value))), json).into_response()
}

/// The value of `tag` in the query.
fn tag(uri: &Uri) -> Option<String> {
    let value = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("tag="))?.replace('+', " ");
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}
