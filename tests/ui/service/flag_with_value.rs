// one mistake: a flag has no value
use service_core::service;

#[service(autowire, lazy = true)]
struct Db;

fn main() {}
