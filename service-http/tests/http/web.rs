//! A server with the routes of one test.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use service_core::{Builder, Context, Lifecycle, Registry, Result, service};
use service_http::Server;

/// The routes of one test.
#[service(lazy, autowire)]
pub(crate) struct Routes {
    router: Router,
}

/// Serves them.
#[service(lazy, requires = [Routes], drain_timeout = "2s")]
pub(crate) struct Web {
    server: Server,
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

/// A registry of its own, with a server for these routes.
pub(crate) fn builder(routes: Router) -> Builder {
    Registry::builder().isolated().with::<Web>().replace::<Routes>(Routes { router: routes })
}

pub(crate) fn address(registry: &Registry) -> SocketAddr {
    registry.get::<Web>().expect("the server is up").server.address()
}

/// Boots one that has nothing but the server.
pub(crate) async fn open(routes: Router) -> Result<(Registry, SocketAddr)> {
    let registry = builder(routes).boot().await?;
    let address = address(&registry);
    Ok((registry, address))
}
