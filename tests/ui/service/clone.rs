// a clone is hand-built, so its guard is off: warned about, wherever the derive stands
#![deny(deprecated)]
use service_core::service;

#[service(given)]
#[derive(Clone)]
struct Below;

#[derive(Clone)]
#[service(given)]
struct Above;

fn main() {}
