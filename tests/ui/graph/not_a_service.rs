// K01
use service_core::service;

struct Plain;

#[service(autowire, requires = [Plain])]
struct Users;

fn main() {}
