// one mistake: a misspelt argument
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded(refused)]
    async fn find(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
