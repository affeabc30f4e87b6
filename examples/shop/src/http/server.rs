//! [`Server`]: serves HTTP.

use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, service};
use service_http::RequestLog;

use super::Port;
use super::routes::{Shop, routes};
use crate::products::Catalog;
use crate::sales::{Orders, Recommendations, Users};

/// Serves HTTP. It is the first service to stop: running requests end, new connections are refused, and a request that is
/// never completed does not delay the shutdown.
#[service(requires = [Port, Catalog, Users, Orders], wants = [Recommendations], drain_timeout = "3s")]
pub struct Server;

impl Lifecycle for Server {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let shop = Shop { catalog: cx.get(), users: cx.get(), orders: cx.get(), recommendations: cx.get_opt() };
        cx.get::<Port>().server.serve(cx, routes(shop).layer(RequestLog))
    }
}
