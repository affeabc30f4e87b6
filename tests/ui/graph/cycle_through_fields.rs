// K02: the fields of `autowire` are dependencies
use std::sync::Arc;

use service_core::service;

#[service(autowire)]
struct Users {
    cache: Arc<Cache>,
}

#[service(autowire)]
struct Cache {
    users: Option<Arc<Users>>,
}

fn main() {}
