// one mistake: two answers to one question
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded(refuse, wait = "2s")]
    async fn find(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
