// one mistake: the first attempt counts
use service_core::service;

#[service(autowire, retry(attempts = 0))]
struct Db;

fn main() {}
