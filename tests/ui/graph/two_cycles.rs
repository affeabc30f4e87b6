// K02: each is reported once
use service_core::service;

#[service(autowire, requires = [B])]
struct A;

#[service(autowire, requires = [A, C])]
struct B;

#[service(autowire, requires = [B])]
struct C;

fn main() {}
