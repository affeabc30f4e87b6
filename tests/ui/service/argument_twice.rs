// one mistake: an argument is there twice
use service_core::service;

#[service(given, name = "a", name = "b")]
struct Db;

fn main() {}
