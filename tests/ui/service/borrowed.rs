// K08: not 'static
use service_core::service;

#[service(given)]
struct View<'a> {
    text: &'a str,
}

fn main() {}
