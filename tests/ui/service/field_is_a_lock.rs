use std::sync::{Arc, Mutex};

use service_core::service;

#[service(autowire)]
struct Cache {
    entries: Arc<Mutex<Vec<String>>>,
}

fn main() {}
