// K01: through a field
use std::sync::Arc;

use service_core::service;

struct Plain;

#[service(autowire)]
struct Users {
    plain: Arc<Plain>,
}

fn main() {}
