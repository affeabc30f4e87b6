use service_core::{guarded, service};

#[service(autowire)]
struct Users {}

#[guarded]
impl Users {
    fn find(&self) {}
}

fn main() {}
