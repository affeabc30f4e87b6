use service_core::{guarded, service};

#[service(autowire)]
struct Users {}

#[guarded]
impl Users {
    pub const MOST: usize = 8;
}

fn main() {}
