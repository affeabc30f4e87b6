// K03: behind a type alias
use service_core::service;

type Me = Users;

#[service(autowire, wants = [Me])]
struct Users;

fn main() {}
