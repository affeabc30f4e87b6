// K08
use service_core::service;

#[service(given)]
struct Ring<const N: usize> {
    slots: [u8; N],
}

fn main() {}
