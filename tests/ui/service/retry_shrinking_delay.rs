// one mistake: the delay grows
use service_core::service;

#[service(autowire, retry(delay = "2s", max_delay = "1s"))]
struct Db;

fn main() {}
