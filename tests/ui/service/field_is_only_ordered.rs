// K09: a field needs what `after` does not hand out
use std::sync::Arc;

use service_core::service;

#[service(autowire, after = [Db])]
struct Users {
    db: Arc<Db>,
}

#[service(given)]
struct Db;

fn main() {}
