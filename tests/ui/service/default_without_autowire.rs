// one mistake: nobody fills the field
use service_core::service;

#[service(given)]
struct Db {
    #[service(default)]
    size: usize,
}

fn main() {}
