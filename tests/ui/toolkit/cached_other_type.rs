// one mistake: the field is a map, and no cache
use std::collections::HashMap;
use service_toolkit::cached;

struct Users {
    users: HashMap<u32, u32>,
}

impl Users {
    #[cached(cache = self.users)]
    async fn find(&self, id: u32) -> u32 {
        id
    }
}

fn main() {}
