// one mistake: no such attribute on a field
use service_core::service;

#[service(autowire)]
struct Db {
    #[service(defualt = 3)]
    size: usize,
}

fn main() {}
