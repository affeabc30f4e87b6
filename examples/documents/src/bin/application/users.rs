//! [`Users`]: looks in the cache first, then in the database.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, guarded, service};
use service_toolkit::{Cache, cached};

use crate::database::Database;
use crate::events::{Events, UserRegistered};

pub(crate) struct User {
    pub(crate) name: String,
}

#[service(requires = [Database, Events])]
pub(crate) struct Users {
    database: Arc<Database>,
    events: Arc<Events>,
    cache: Cache<u32, Arc<User>>,
}

impl Lifecycle for Users {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let cache = Cache::new(1000).ttl(Duration::from_secs(300));
        Ok(Self { database: cx.get(), events: cx.get(), cache })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("users stop, cached: {}", self.cache.len());
        Ok(())
    }
}

#[guarded]
impl Users {
    #[cached(cache = self.cache)]
    pub(crate) async fn get_user(&self, id: u32) -> Result<Arc<User>> {
        self.database.execute_query(&format!("SELECT * FROM users WHERE id = {id}")).await?;
        Ok(Arc::new(User { name: format!("User {id}") }))
    }

    pub(crate) async fn register(&self, email: &str) -> Result<()> {
        self.events.bus.emit(UserRegistered { email: email.to_owned() }).await;
        Ok(())
    }

    /// How often the cache had the user.
    pub(crate) fn cached(&self) -> Result<u64> {
        Ok(self.cache.stats().hits)
    }
}
