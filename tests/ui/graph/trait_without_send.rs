// the first errors name the trait; the others follow from it
use service_core::service;

trait Mail {}

#[service(autowire, requires = [dyn Mail])]
struct Users {}

#[service(given, provides = [dyn Mail])]
struct Smtp;

impl Mail for Smtp {}

fn main() {}
