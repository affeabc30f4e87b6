//! The server that is stopped. Each request is a guarded call of a service.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use service_http::{Server, Unavailable};

#[service(autowire)]
struct Users {}

impl Users {
    /// Takes as long as a small query.
    #[guarded]
    async fn name() -> Result<&'static str, NotReady> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok("Ada")
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
        let name = async || Users::name().await.map_err(Unavailable);
        self.server.serve(cx, Router::new().route("/", get(name)))?;
        println!("{}", self.server.address());
        Ok(())
    }
}

pub(crate) async fn run() -> ExitCode {
    #[cfg(target_os = "linux")]
    assert!(!has_capabilities(), "a server must lose no request without capabilities");
    Registry::launch().await
}

/// Whether the kernel grants this process a capability, as it does to root.
#[cfg(target_os = "linux")]
fn has_capabilities() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.is_none_or(|effective| effective.trim().bytes().any(|digit| digit != b'0'))
}
