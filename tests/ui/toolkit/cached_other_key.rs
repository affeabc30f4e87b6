// one mistake: the cache has other keys than the parameters
use service_toolkit::{Cache, cached};

struct Users {
    users: Cache<u32, String>,
}

impl Users {
    #[cached(cache = self.users)]
    async fn find(&self, id: u32, name: &str) -> String {
        format!("{id} {name}")
    }
}

fn main() {}
