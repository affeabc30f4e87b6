//! The servers that are compared. Each has a handler that returns a text, and one that makes a guarded call.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use service_http::Server;
use tokio::net::TcpListener;

#[service(autowire)]
struct Users {}

impl Users {
    #[guarded]
    async fn greeting() -> Result<&'static str, NotReady> {
        Ok("hello")
    }
}

#[service(requires = [Users])]
struct Web {
    server: Server,
}

impl Lifecycle for Web {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self { server: Server::bind("127.0.0.1:0").await? })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let guarded = async || Users::greeting().await.unwrap_or("not ready");
        self.server.serve(cx, Router::new().route("/", get(async || "hello")).route("/guarded", get(guarded)))
    }
}

/// The name, address and path of each. The plain server is there twice, so that the noise is seen.
pub(crate) async fn start(registry: &Registry) -> Result<Vec<(&'static str, SocketAddr, &'static str)>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let plain = listener.local_addr()?;
    let ours = registry.get::<Web>()?.server.address();
    let routes = Router::new().route("/", get(async || "hello"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(vec![
        ("axum::serve", plain, "/"),
        ("axum::serve, again", plain, "/"),
        ("service-http", ours, "/"),
        ("service-http, with a guarded call", ours, "/guarded"),
    ])
}
