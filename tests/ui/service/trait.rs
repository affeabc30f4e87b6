// K08
use service_core::service;

#[service]
trait Mail {}

fn main() {}
