// one mistake: a list needs its brackets
use service_core::service;

#[service(autowire, requires = Db)]
struct Users;

#[service(given)]
struct Db;

fn main() {}
