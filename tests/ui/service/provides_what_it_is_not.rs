// one mistake: the trait is not implemented
use service_core::service;

#[service(given, provides = [dyn Mail])]
struct Smtp;

trait Mail: Send + Sync {}

fn main() {}
