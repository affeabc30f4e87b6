//! [`Server`]: answers requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use service_core::{Context, Lifecycle, Result, service};
use tokio::time::sleep;

use super::Port;
use super::routes::{Shop, routes};
use crate::products::Catalog;
use crate::sales::{Orders, Recommendations, Users};

/// How long a request that has begun may take when the shop closes. Shorter than the service's drain.
const LAST_WORDS: Duration = Duration::from_secs(3);

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
        let stopping = cx.stopping();
        let serve =
            axum::serve(listener, self.router.clone()).with_graceful_shutdown(stopping.clone().cancelled_owned());
        cx.spawn("accept", async move {
            tokio::select! {
                biased;
                ended = serve => ended,
                // Who has not said all of it by now is not waited for: nobody keeps the shop open with half a request.
                () = async { stopping.cancelled().await; sleep(LAST_WORDS).await } => Ok(()),
            }
        });
        Ok(())
    }
}
