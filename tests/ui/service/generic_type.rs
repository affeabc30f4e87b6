// K08
use service_core::service;

#[service(given)]
struct Cache<K> {
    key: K,
}

fn main() {}
