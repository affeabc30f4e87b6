// K03
use service_core::service;

#[service(autowire, after = [Self])]
struct Users;

fn main() {}
