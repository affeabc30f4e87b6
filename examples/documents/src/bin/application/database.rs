//! [`Database`]: queries over a pool of connections.

use std::time::Duration;

use service_core::{Context, Health, Lifecycle, Result, guarded, service};
use service_toolkit::ObjectPool;
use tokio::time::sleep;

#[service]
pub(crate) struct Database {
    connections: ObjectPool<Connection>,
}

struct Connection;

pub(crate) struct QueryResult {
    pub(crate) result: String,
    pub(crate) rows: usize,
}

impl Lifecycle for Database {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let pool = ObjectPool::builder("connections", 10, Connection::open).prefill(5);
        let connections = pool.close_with(Connection::close).start(cx).await?;
        println!("database: {} connections", connections.metrics().idle);
        Ok(Self { connections })
    }

    async fn health(&self) -> Health {
        Health::from_result(self.query("SELECT 1").await)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("database stops");
        Ok(())
    }
}

#[guarded]
impl Database {
    pub(crate) async fn execute_query(&self, query: &str) -> Result<QueryResult> {
        self.query(query).await
    }

    /// Without a guard, for the health check, which already runs while the service starts.
    async fn query(&self, query: &str) -> Result<QueryResult> {
        self.connections.get().await?.execute(query).await
    }
}

impl Connection {
    async fn open() -> Result<Self> {
        Ok(Self)
    }

    async fn execute(&mut self, query: &str) -> Result<QueryResult> {
        sleep(Duration::from_millis(100)).await;
        Ok(QueryResult { result: format!("executed: {query}"), rows: 42 })
    }

    async fn close(self) {}
}
