// one mistake: only trait objects are provided
use service_core::service;

#[service(given, provides = [Mail])]
struct Smtp;

fn main() {}
