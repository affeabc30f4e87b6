// K09
use service_core::service;

#[service(autowire, requires = [Db], wants = [Db])]
struct Users;

#[service(given)]
struct Db;

fn main() {}
