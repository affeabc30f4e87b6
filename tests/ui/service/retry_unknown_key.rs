// one mistake: a misspelt key
use service_core::service;

#[service(autowire, retry(attempt = 3))]
struct Db;

fn main() {}
