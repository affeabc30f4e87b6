// one mistake: nothing is ready at compile time
use service_core::{guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    const fn find(&self) -> u32 {
        1
    }
}

fn main() {}
