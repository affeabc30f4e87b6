// one mistake: each attempt would need the `self`
use std::sync::Arc;
use service_toolkit::retry;

struct Client;

impl Client {
    #[retry(attempts = 3)]
    async fn fetch(self: Arc<Self>) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
