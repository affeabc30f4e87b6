use service_core::service;

#[service(autowire, restart = "always")]
struct Db {}

fn main() {}
