// one mistake: a name is one line
use service_core::service;

#[service(given, name = "Db\nof orders")]
struct Db;

fn main() {}
