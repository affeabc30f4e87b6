// one mistake: longer than a clock can count
use service_core::service;

#[service(autowire, shutdown_timeout = "300000d")]
struct Db;

fn main() {}
