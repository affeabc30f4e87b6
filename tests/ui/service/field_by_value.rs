use service_core::service;

#[service(autowire)]
struct Db {}

#[service(autowire)]
struct Users {
    db: Db,
}

fn main() {}
