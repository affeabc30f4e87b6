//! [`Web`]: a service that serves the routes of one test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use service_core::{Builder, Context, Definition, Lifecycle, Registry, Result, service};
use service_http::Server;

/// The routes of one test.
#[service(lazy, autowire)]
pub(crate) struct Routes {
    router: Router,
}

/// Serves the routes.
#[service(lazy, requires = [Routes], drain_timeout = "2s")]
pub(crate) struct Web {
    pub(crate) server: Server,
    routes: Arc<Routes>,
}

impl Lifecycle for Web {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { server: Server::bind("127.0.0.1:0").await?, routes: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        self.server.serve(cx, self.routes.router.clone())
    }
}

/// A builder for an isolated registry that serves these routes.
pub(crate) fn builder(routes: Router) -> Builder {
    Registry::builder().isolated().with::<Web>().replace::<Routes>(Routes { router: routes })
}

pub(crate) fn address(registry: &Registry) -> SocketAddr {
    registry.get::<Web>().expect("the server is up").server.address()
}

/// Boots an isolated registry that serves these routes.
pub(crate) async fn open(routes: Router) -> Result<(Registry, SocketAddr)> {
    let registry = builder(routes).boot().await?;
    let address = address(&registry);
    Ok((registry, address))
}

/// Boots an isolated registry that serves these routes with this server, and has 200 ms to drain.
pub(crate) async fn open_with_short_drain(server: Server, routes: Router) -> Result<Registry> {
    let web = Definition::new("web").drain_timeout(Duration::from_millis(200)).init(move |cx: Context<()>| {
        let served = server.serve(&cx, routes.clone());
        async { served }
    });
    Ok(Registry::builder().isolated().define(web).boot().await?)
}
