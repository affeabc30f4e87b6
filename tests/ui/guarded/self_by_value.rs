// one mistake: a service is shared
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    async fn find(self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
