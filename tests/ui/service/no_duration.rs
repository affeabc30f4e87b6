// one mistake: a number without a unit
use service_core::service;

#[service(autowire, init_timeout = "5")]
struct Db;

fn main() {}
