// one mistake: a method whose values would belong to no instance
use service_toolkit::cached;

struct Users;

impl Users {
    #[cached(ttl = "5m")]
    async fn find(&self, id: u32) -> Option<u32> {
        Some(id)
    }
}

fn main() {}
