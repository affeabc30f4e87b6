// K08
use service_core::service;

#[service]
fn connect() {}

fn main() {}
