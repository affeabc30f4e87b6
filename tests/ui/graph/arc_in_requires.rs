use std::sync::Arc;

use service_core::service;

#[service(autowire)]
struct Db {}

#[service(autowire, requires = [Arc<Db>])]
struct Users {}

fn main() {}
