// only a block has something to skip
use service_core::{NotReady, guarded, service};

#[service(autowire)]
struct Users;

impl Users {
    #[guarded(skip)]
    pub fn count(&self) -> Result<u32, NotReady> {
        Ok(1)
    }
}

fn main() {}
