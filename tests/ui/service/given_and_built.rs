// one mistake each: a given service is not built
use service_core::service;

#[service(given, lazy, retry(attempts = 2))]
struct Settings;

fn main() {}
