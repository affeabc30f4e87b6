// one mistake: a number without a unit
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded(wait = "2")]
    async fn find(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
