use service_core::service;

#[service(autowire, restart = 5)]
struct Users {}

fn main() {}
