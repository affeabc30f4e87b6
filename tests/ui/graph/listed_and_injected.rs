// the list would require it on unix, and the field requires it everywhere
use std::sync::Arc;

use service_core::service;

#[service(autowire)]
struct Db {}

#[service(autowire, requires = [#[cfg(unix)] Db])]
struct Users {
    db: Arc<Db>,
}

fn main() {}
