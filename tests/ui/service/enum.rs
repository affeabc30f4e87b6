// K08
use service_core::service;

#[service(given)]
enum Mode {
    Fast,
}

fn main() {}
