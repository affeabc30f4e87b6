// one mistake: a setting of a cache that has its own
use service_toolkit::{Cache, cached};

struct Users {
    users: Cache<u32, u32>,
}

impl Users {
    #[cached(cache = self.users, ttl = "5m")]
    async fn find(&self, id: u32) -> u32 {
        id
    }
}

fn main() {}
