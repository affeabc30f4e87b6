// K03
use service_core::service;

#[service(autowire, requires = [Users])]
struct Users;

fn main() {}
