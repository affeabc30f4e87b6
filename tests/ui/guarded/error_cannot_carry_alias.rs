// K05: behind an alias of `Result`
use service_core::{guarded, service};

#[service(given)]
struct Users;

type Found = std::result::Result<u32, String>;

impl Users {
    #[guarded(refuse)]
    async fn find(&self) -> Found {
        Ok(1)
    }
}

fn main() {}
