// one mistake: a sync call cannot wait
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded(wait = "2s")]
    fn find(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
