// K02, K04: nothing uses them
use service_core::service;

#[service(autowire, requires = [Bus])]
struct Api;

#[service(autowire, requires = [Cache])]
struct Bus;

#[service(autowire, requires = [Api])]
struct Cache;

fn main() {}
