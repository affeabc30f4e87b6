use std::rc::Rc;

use service_core::service;

#[service(autowire)]
struct Db {}

#[service(autowire)]
struct Users {
    db: Option<Rc<Db>>,
}

fn main() {}
