use service_core::service;

struct Pool<T>(T);

#[service(given)]
type Db = Pool<u32>;

fn main() {}
