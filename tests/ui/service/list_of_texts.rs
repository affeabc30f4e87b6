use service_core::service;

#[service(autowire, requires = ["Db"], tags = [storage])]
struct Users {}

fn main() {}
