// what a lint says of a body it says of a guarded one, at the same place and once
#![deny(unused)]
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    pub async fn find(&self, id: u32) -> Result<u32> {
        return Ok(1);
        Ok(2)
    }

    #[guarded]
    pub fn count(&self, mut all: bool) -> Result<bool> {
        Ok(all)
    }
}

fn main() {}
