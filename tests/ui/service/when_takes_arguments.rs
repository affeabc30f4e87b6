use service_core::service;

fn enough(users: u32) -> bool {
    users > 3
}

#[service(autowire, when = enough)]
struct Users {}

fn main() {}
