//! Handlers use the registry of their server, also if the process has several registries.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use service_core::{NotReady, Registry, Result, guarded, service};
use service_http::{Scope, Svc, Unavailable};
use tower_service::Service as _;

use crate::client;
use crate::web::{address, builder};

#[service(lazy, autowire)]
struct Name {
    name: &'static str,
}

impl Name {
    #[guarded]
    async fn guarded() -> Result<&'static str, NotReady> {
        Ok(Self::service().await?.name)
    }
}

/// Reaches the service as an instance, by a guarded call without a receiver, and by the extractor.
async fn names(by_extractor: Svc<Name>) -> Result<String, Unavailable> {
    let by_service = Name::service().await?;
    Ok(format!("{} {} {}", by_service.name, Name::guarded().await?, by_extractor.name))
}

fn routes() -> Router {
    Router::new().route("/", get(names))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_in_one_process_use_their_own_services() -> Result<()> {
    let mut both = Vec::new();
    for name in ["one", "two"] {
        both.push((name, builder(routes()).replace::<Name>(Name { name }).boot().await?));
    }
    for _ in 0..20 {
        for (name, registry) in &both {
            assert_eq!(client::get(address(registry), "/").await?.body, format!("{name} {name} {name}"));
        }
    }
    for (_, registry) in both {
        registry.shutdown().await?;
    }
    Ok(())
}

/// Does what other servers do: handles the request in a task that has no current registry.
async fn respond(mut router: Router) -> Result<(u16, String)> {
    let request = Request::get("/").body(Body::empty())?;
    let response = tokio::spawn(async move { router.call(request).await }).await??;
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1_000).await?;
    Ok((status, String::from_utf8(body.to_vec())?))
}

#[tokio::test]
async fn the_scope_layer_makes_a_registry_current_in_the_handlers_of_another_server() -> Result<()> {
    for name in ["one", "two"] {
        let registry = Registry::builder().isolated().only::<Name>().replace::<Name>(Name { name }).boot().await?;
        let answer = respond(routes().layer(Scope::new(&registry))).await?;
        assert_eq!(answer, (200, format!("{name} {name} {name}")));
        assert_eq!(respond(routes()).await?.0, 500, "there is no current registry without the layer");
        registry.shutdown().await?;
        assert_eq!(respond(routes().layer(Scope::new(&registry))).await?.0, 503);
    }
    Ok(())
}
