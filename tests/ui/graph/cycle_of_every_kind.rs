// K02: `requires`, `wants` and `after` all count
use service_core::service;

#[service(autowire, requires = [Bus])]
struct Api;

#[service(autowire, wants = [Cache])]
struct Bus;

#[service(autowire, after = [Api])]
struct Cache;

fn main() {}
