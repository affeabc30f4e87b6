// a guarded call that nobody awaits is found as it would be without the attribute
#![deny(unused)]
use service_core::{NotReady, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    async fn count(&self) -> Result<u32, NotReady> {
        Ok(1)
    }
}

async fn forgetful(users: &Users) {
    users.count();
}

fn main() {
    let _ = forgetful;
}
