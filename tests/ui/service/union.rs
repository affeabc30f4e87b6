// K08
use service_core::service;

#[service(given)]
union Bits {
    byte: u8,
}

fn main() {}
