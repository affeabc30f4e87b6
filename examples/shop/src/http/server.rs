//! [`Server`]: answers requests.

use std::sync::Arc;

use axum::Router;
use service_core::{Context, Lifecycle, Result, service};

use super::Port;
use super::routes::{Shop, routes};
use crate::products::Catalog;
use crate::sales::{Orders, Recommendations, Users};

/// Answers requests. It is the first to go down: those that are being answered end, new ones find the door shut.
#[service(requires = [Port, Catalog, Users, Orders], wants = [Recommendations], drain_timeout = "5s")]
pub struct Server {
    port: Arc<Port>,
    router: Router,
}

impl Lifecycle for Server {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let router =
            routes(Shop { catalog: cx.get(), users: cx.get(), orders: cx.get(), recommendations: cx.get_opt() });
        Ok(Self { port: cx.get(), router })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let listener = self.port.take().ok_or("the port is served already")?;
        let serve = axum::serve(listener, self.router.clone()).with_graceful_shutdown(cx.stopping().cancelled_owned());
        cx.spawn("accept", serve.into_future());
        Ok(())
    }
}
