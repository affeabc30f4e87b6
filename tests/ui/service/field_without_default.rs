// one mistake: a field that nobody can fill
use service_core::service;

#[service(autowire)]
struct Db {
    pool: Pool,
}

struct Pool;

fn main() {}
