// one mistake: nobody says how it is made
use service_core::service;

#[service]
struct Db;

fn main() {}
