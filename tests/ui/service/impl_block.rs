// K08
use service_core::service;

#[service(given)]
impl Db {}

struct Db;

fn main() {}
