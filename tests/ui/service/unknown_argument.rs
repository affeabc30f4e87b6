// one mistake: a misspelt argument
use service_core::service;

#[service(given, provide = [dyn Send])]
struct Db;

fn main() {}
