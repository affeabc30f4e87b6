// K05
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

struct Broken;

impl Users {
    #[guarded]
    async fn find(&self) -> Result<u32, Broken> {
        Err(Broken)
    }
}

fn main() {}
