// one mistake: a name is for people
use service_core::service;

#[service(given, name = "")]
struct Db;

fn main() {}
