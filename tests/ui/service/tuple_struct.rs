// K08
use service_core::service;

#[service(given)]
struct Db(u32);

fn main() {}
