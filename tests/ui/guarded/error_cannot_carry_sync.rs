// K05
use service_core::{guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    fn find(&self) -> std::io::Result<u32> {
        Ok(1)
    }
}

fn main() {}
