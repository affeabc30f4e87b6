// one mistake: no time at all
use service_core::service;

#[service(autowire, drain_timeout = "0s")]
struct Db;

fn main() {}
